import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { type Reason, StepError } from "../../../src/model/run/outcome.ts";
import { openForBackup } from "../../../src/runners/open-repository.ts";
import { type Dump, storeDump } from "../../../src/runners/postgres/store.ts";
import { createPostgres } from "../../../src/tools/postgres/postgres.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { failureOf } from "../../support/failure.ts";
import { writeRepository } from "../../support/repository-files.ts";
import { resticConfig, resticContext } from "../../support/restic-context.ts";
import { ended, fakeExecute } from "../../support/restic-recordings.ts";

const id = createHash("sha256").update("the snapshot").digest("hex");

interface Stage {
  /** What pg_dump prints, and what restic makes of it. @default 300 bytes */
  readonly bytes?: number;
  readonly files?: number;
  /** The snapshot that restic names was there before. */
  readonly before?: boolean;
  readonly streamed?: boolean;
  readonly forgets?: boolean;
  readonly stored?: string;
}

/** A repository in a folder, and a restic that leaves a snapshot there. */
function prepare(
  t: TestContext,
  { bytes = 300, files = 1, before = false, streamed = false, forgets = true, stored = "the snapshot" }: Stage = {},
) {
  const base = temporaryDirectory(t);
  const folder = join(base, "scratch");
  mkdirSync(folder);
  const place = join(base, "repository");
  writeRepository(place);
  const write = () => writeFileSync(join(place, "snapshots", id), stored);
  if (before) write();
  // What restic counts of a file that lies on a disk is not the size of the dump.
  const counted = { total_bytes_processed: streamed ? bytes : 7, data_added: 100, total_files_processed: files };
  const fake = fakeExecute((command, { argv }) => {
    if (argv[0] === "sh") writeFileSync(argv[3] as string, "x".repeat(bytes));
    if (command === "forget") return ended(forgets ? {} : { exitCode: 1, stderr: "Fatal: the moon is full" });
    if (command !== "backup") return ended();
    write();
    return ended({ stdout: JSON.stringify({ message_type: "summary", snapshot_id: id, ...counted }) });
  });
  const config = resticConfig({ stateDirectory: join(base, "state"), repositories: { main: { repository: place } } });
  const { context, heard } = resticContext(config, fake.execute);
  const postgres = createPostgres({ maintenanceDatabase: "postgres" }, fake.execute);
  const store = (dump: Partial<Dump> = {}, minimumRatio = 0.5) =>
    storeDump(
      {
        what: "the database app",
        command: { argv: ["pg_dump", "-Fc"], environment: { PGDATABASE: "app" } },
        file: "app.dump",
        location: "postgres://db/app",
        earlier: [],
        ...dump,
      },
      { opened: openForBackup("main", context), postgres, minimumRatio, isStreamed: streamed, folder },
      context,
    );
  return { ...fake, heard, store, folder };
}

describe("a dump of PostgreSQL", () => {
  it("is stored as a proven snapshot of its own history", async (t) => {
    const { store, argvOf } = prepare(t, { streamed: true });
    assert.deepEqual(await store(), { snapshotId: id, bytes: 300, bytesAdded: 100, tail: "" });
    const [backup] = argvOf("backup");
    assert.ok(backup?.includes("--tag=pantheros,job:nightly,path:postgres://db/app"), String(backup));
    assert.ok(backup?.includes("--stdin-from-command"));
    assert.deepEqual(argvOf("forget"), []);
  });

  it("lies in the private folder before a restic that cannot run programs gets it, and not any longer", async (t) => {
    const { store, argvOf, calls, folder } = prepare(t);
    assert.deepEqual(await store(), { snapshotId: id, bytes: 300, bytesAdded: 100, tail: "" });
    const [backup] = argvOf("backup");
    assert.deepEqual(backup?.slice(-2), ["--", "app.dump"]);
    assert.ok(!backup?.includes("--stdin-from-command"));
    assert.equal(calls.find(({ argv }) => argv[1] === "backup")?.directory, folder);
    assert.equal(existsSync(join(folder, "app.dump")), false);
  });

  for (const streamed of [true, false]) {
    describe(streamed ? "that restic reads from the program" : "that restic reads from a file", () => {
      it("is empty_artifact and taken out again when it is empty, and one byte is enough", async (t) => {
        const { store, argvOf } = prepare(t, { bytes: 0, streamed });
        const { reason, message } = await failureOf(store());
        assert.equal(reason, "empty_artifact");
        assert.equal(
          message,
          `the dump of the database app is empty; its snapshot ${id.slice(0, 8)} was taken out of main`,
        );
        assert.deepEqual(argvOf("forget"), [["--", id]]);
        assert.equal((await prepare(t, { bytes: 1, streamed }).store()).bytes, 1);
      });

      it("is verification and taken out again when it is implausibly small", async (t) => {
        const { store, argvOf } = prepare(t, { streamed });
        const { reason, message } = await failureOf(store({ earlier: [700] }));
        assert.equal(reason, "verification");
        assert.match(message, /implausibly small: 300 B, the last good ones 700 B; its snapshot .* was taken out/);
        assert.deepEqual(argvOf("forget"), [["--", id]]);
        assert.equal((await prepare(t, { streamed }).store({ earlier: [600] })).bytes, 300);
        assert.equal((await prepare(t, { streamed }).store({ earlier: [700] }, 0)).bytes, 300);
      });
    });
  }

  it("is empty when restic has stored no file", async (t) => {
    assert.equal((await failureOf(prepare(t, { files: 0, streamed: true }).store())).reason, "empty_artifact");
  });

  it("is read back where that is asked for, and stays when it could not be read for another reason", async (t) => {
    const reading = async (reason: Reason) => {
      const { store, argvOf, heard } = prepare(t);
      const argv: (readonly string[])[] = [];
      const verify: Dump["verify"] = async (source) => {
        argv.push(source.argv);
        throw new StepError(reason, "odd");
      };
      const failure = await failureOf(store({ verify }));
      assert.deepEqual(argv[0]?.slice(-3), ["dump", id, "/app.dump"]);
      assert.ok(heard.progress.some(({ note }) => note === "reading the database app back"));
      assert.equal(failure.reason, reason);
      return argvOf("forget").length;
    };
    assert.equal(await reading("verification"), 1);
    assert.equal(await reading("network"), 0);
  });

  it("tells what to take out when restic does not", async (t) => {
    const { message } = await failureOf(prepare(t, { bytes: 0, forgets: false }).store());
    assert.match(message, /is still in main, take it out with restic forget \(.*the moon is full/);
  });

  it("never takes out the snapshot of another run, nor one that is not what restic says", async (t) => {
    for (const stage of [{ before: true }, { before: true, bytes: 0 }, { stored: "another" }]) {
      const { store, argvOf } = prepare(t, { ...stage, streamed: true });
      assert.equal((await failureOf(store())).reason, "verification");
      assert.deepEqual(argvOf("forget"), []);
    }
  });
});

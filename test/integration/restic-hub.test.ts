import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Collected } from "../../src/collectors/collector.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import type { Execute } from "../../src/tools/exec.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { rejectsWith } from "../support/failure.ts";
import { notesInMemory } from "../support/notes.ts";
import { startRestServer } from "../support/rest-server.ts";
import { resticConfig } from "../support/restic-context.ts";
import { backup, configOf, execute, look, prepare } from "../support/restic-stage.ts";

/** Which commands restic is started with. */
function counting() {
  const commands: string[] = [];
  const own = execute();
  const counted: Execute = (call) => {
    commands.push(call.argv.find((word, at) => at > 0 && /^[a-z]+$/.test(word)) ?? "");
    return own(call);
  };
  return { commands, execute: counted };
}

/** A private hub behind TLS, and the stage of its user alice. */
async function openHub(t: TestContext, program: string) {
  const users = { alice: "open/sesame" };
  const server = await startRestServer(t, { users, tls: true });
  const environment = {
    RESTIC_CACERT: server.certificate as string,
    RESTIC_REST_USERNAME: "alice",
    RESTIC_REST_PASSWORD: users.alice,
  };
  const stage = prepare(t, program, { repository: server.location("alice/"), environment });
  const observed = { ...resticConfig({ ...stage, repositories: {} }) };
  const alice = { ...stage.config.repositories["main"], password: undefined, retention: undefined, initialize: false };
  return { server, stage, observed: { ...observed, repositories: { alice } } as unknown as typeof observed };
}

const sampleOf = ({ samples }: Collected, metric: string) => samples.find((sample) => sample.metric === metric)?.value;

for (const { version, program } of resticPrograms()) {
  describe(`a private REST hub, with restic ${version}`, needs("restic", "rest-server"), () => {
    it("proves a backup by its listing: restic is started for the backup alone", async (t) => {
      const { server, stage } = await openHub(t, program);
      await backup(stage);
      const { commands, execute } = counting();
      const { result } = await backup(stage, {}, { execute });
      assert.deepEqual(commands, ["backup"]);
      const kept = readdirSync(join(server.folder, "alice/snapshots"));
      assert.ok(kept.includes(result.evidence.snapshot_id), kept.join());
      assert.deepEqual(result.evidence.paths, [stage.source]);
    });

    it("is observed without its password: names, numbers, and arrivals", async (t) => {
      const { stage, observed } = await openHub(t, program);
      await backup(stage);
      const notes = notesInMemory();
      const never: Execute = () => assert.fail("restic was started");
      const at = Date.now() / 1000;
      const first = await look(observed, { ...notes, execute: never, now: at });
      assert.deepEqual(first.problems, []);
      assert.equal(sampleOf(first, "repositorySnapshots"), 1);
      assert.equal(sampleOf(first, "repositoryLocks"), 0);
      assert.ok((sampleOf(first, "repositoryStored") ?? 0) > 100_000);
      assert.equal(sampleOf(first, "repositoryLastSnapshot"), undefined);
      const { result } = await backup(stage);
      const second = await look(observed, { ...notes, execute: never, now: at + 900 });
      assert.equal(sampleOf(second, "repositoryLastSnapshot"), at);
      assert.equal(second.samples.find(({ metric }) => metric === "repositoryOthersAge")?.since, at);
      assert.deepEqual(second.artifacts, [{ subject: "alice", name: result.evidence.snapshot_id, at }]);
    });

    it("is observed with its password by asking restic for what is new alone", async (t) => {
      const { stage } = await openHub(t, program);
      await backup(stage);
      const notes = notesInMemory();
      let seen: Collected = { samples: [] };
      const again = async () => {
        const { commands, execute } = counting();
        const ledger = {
          observations: () => [{ collector: "restic", artifacts: seen.artifacts }],
        } as unknown as Ledger;
        seen = await look(stage.config, { ...notes, execute, ledger });
        assert.deepEqual(seen.problems, []);
        return commands;
      };
      assert.deepEqual(await again(), ["snapshots", "stats"]);
      assert.ok((sampleOf(seen, "repositoryDataSize") ?? 0) > 100_000);
      assert.deepEqual(await again(), []);
      await backup(stage);
      assert.deepEqual(await again(), ["snapshots"]);
      assert.equal(sampleOf(seen, "repositorySnapshots"), 2);
      assert.equal(sampleOf(seen, "repositoryNewestSize"), version.startsWith("0.14") ? undefined : 100_000);
    });

    it("is open to nobody with another login", async (t) => {
      const { server, observed } = await openHub(t, program);
      const alice = { ...observed.repositories["alice"], repository: server.location("bob/") };
      const { problems, samples } = await look({ ...observed, repositories: { alice } } as unknown as typeof observed);
      assert.deepEqual(
        samples.map(({ metric, value }) => [metric, value]),
        [["repositoryReachable", 0]],
      );
      assert.match(problems?.join() ?? "", /^alice: .* does not let this user list the repository \(401\)/);
      assert.doesNotMatch(problems?.join() ?? "", /sesame/);
    });
  });

  describe(`a folder, with restic ${version}`, needs("restic"), () => {
    it("proves a backup by the file of the snapshot", async (t) => {
      const stage = prepare(t, program);
      const { commands, execute } = counting();
      const { result } = await backup(stage, {}, { execute });
      assert.deepEqual(commands, ["backup", "init", "backup"]);
      const [listed] = JSON.parse(stage.restic("snapshots", "--json", "--no-lock"));
      assert.deepEqual([result.evidence.snapshot_id, result.evidence.paths], [listed.id, listed.paths]);
    });

    it("finds out that the file of the snapshot was emptied right after restic had ended", async (t) => {
      const stage = prepare(t, program);
      const own = execute();
      const truncating: Execute = async (call) => {
        const result = await own(call);
        const folder = join(stage.base, "repository/snapshots");
        if (call.argv.includes("backup") && result.exitCode === 0)
          for (const file of readdirSync(folder)) truncateSync(join(folder, file), 0);
        return result;
      };
      await rejectsWith(backup(stage, {}, { execute: truncating }), "verification", /is not what was stored/);
    });

    it("names a damaged snapshot that restic passes over", async (t) => {
      const stage = prepare(t, program);
      await backup(stage);
      const folder = join(stage.base, "repository/snapshots");
      const [first] = readdirSync(folder) as [string];
      await backup(stage);
      truncateSync(join(folder, first), 0);
      execFileSync("rm", ["-rf", join(stage.base, "cache"), join(stage.base, "state")]);
      const { problems, artifacts } = await look(configOf(stage));
      assert.ok(artifacts?.every(({ name }) => name !== first));
      assert.match(problems?.join("\n") ?? "", /main: /);
    });
  });
}

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { createHost, jobOf, type TestHost } from "./host.ts";
import { restic } from "./jobs.ts";

/** Each of them means something else to a shell, an option parser, a listing or a pattern. */
const oddNames = [
  "-rf",
  "--help",
  "with space",
  " around ",
  "it's",
  '"quoted"',
  "new\nline",
  "$(x) `y` ; *?[a]",
  "ü漢",
  "a\\b",
  "#1",
];
const oddFolder = '-- it\'s\n"odd" $(x) *';

function fillOddly(folder: string): void {
  mkdirSync(join(folder, oddFolder), { recursive: true });
  for (const name of oddNames) {
    writeFileSync(join(folder, name), name);
    writeFileSync(join(folder, oddFolder, name), name);
  }
}

function assertSame(folder: string): void {
  assert.deepEqual(readdirSync(folder).sort(), [...oddNames, oddFolder].sort());
  for (const name of oddNames) assert.equal(readFileSync(join(folder, oddFolder, name), "utf8"), name);
}

function restore(host: TestHost, snapshot: string): string {
  const target = join(host.root, "restored");
  const env = {
    ...process.env,
    RESTIC_PASSWORD_FILE: join(host.root, "password"),
    RESTIC_CACHE_DIR: join(host.root, "cache"),
  };
  const repository = join(host.root, "repository");
  execFileSync("restic", ["--repo", repository, "restore", snapshot, "--target", target], { env, stdio: "pipe" });
  return target;
}

describe("names with spaces, quotes, newlines and leading dashes", { timeout: 120_000 }, () => {
  it("come through restic and rclone as they are", needs("restic", "rclone"), async (t) => {
    const host = createHost(t);
    const source = join(host.root, oddFolder);
    fillOddly(source);
    const copies = join(host.root, "copies");
    mkdirSync(copies);
    host.configure({
      ...restic(host),
      destinations: { copies: { type: "local", path: copies } },
      jobs: {
        test: jobOf([
          { id: "vault", uses: "backup.restic", repository: "main", from: source },
          { uses: "backup.rclone", from: source, to: "copies", prefix: "it's a prefix" },
        ]),
      },
    });
    const { code, events, stdout } = await host.run(["run", "test", "--json"]);
    assert.equal(code, 0, stdout);
    const { evidence } = events.find(({ step, event }) => event === "step_finished" && step === "vault") as unknown as {
      evidence: { snapshot_id: string; paths: string[] };
    };
    assert.deepEqual(evidence.paths, [source]);
    assertSame(join(restore(host, evidence.snapshot_id), source));
    assertSame(join(copies, "it's a prefix"));
    const shown = await host.run(["runs", "show", (await host.runs())[0]?.id as string]);
    assert.equal(shown.code, 0);
  });

  it("come through a snapshot of a subvolume of such a name", needs("root", "btrfs", "restic"), async (t) => {
    const host = createHost(t);
    const mount = mountBtrfs(t);
    const source = join(mount, oddFolder);
    execFileSync("btrfs", ["subvolume", "create", source], { stdio: "pipe" });
    fillOddly(source);
    host.configure({
      ...restic(host),
      subvolumes: { odd: { path: source, snapshots: join(mount, "-s nap'shots\n") } },
      jobs: {
        test: jobOf([
          { id: "snap", uses: "snapshot.btrfs", subvolume: "odd" },
          { uses: "backup.restic", repository: "main", from: "${snap.path}" },
          { uses: "prune.snapshots", subvolume: "odd", keep: { last: 1 } },
        ]),
      },
    });
    for (let number = 1; number <= 2; number += 1) {
      const { code, stdout } = await host.run(["run", "test", "--json"]);
      assert.equal(code, 0, stdout);
    }
    const kept = readdirSync(join(mount, "-s nap'shots\n"));
    assert.equal(kept.length, 1);
    assertSame(join(mount, "-s nap'shots\n", kept[0] as string));
    assertSame(restore(host, "latest"));
  });

  it("a job of such a name is no job: it is a usage error that says which there are", async (t) => {
    const host = createHost(t, { jobs: { test: jobOf([{ uses: "command", argv: ["true"] }]) } });
    for (const name of ["$(x)\n", "constructor", "__proto__"]) {
      const { code, stderr } = await host.run(["run", name]);
      assert.equal(code, 2, name);
      assert.match(stderr, /there is no job .*test/s);
    }
  });
});

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { downloadFolder, s3Client, startS3 } from "../support/s3.ts";
import { startFalkordb, startValkey } from "../support/valkey.ts";
import { placeExample } from "./place.ts";

const components = needs("root", "btrfs", "s3", "rclone", "valkey", "falkordb");
const bucket = "opencode-memory-backups";
const question = "MATCH (a:Person)-[:KNOWS]->(b:Person) RETURN a.name, b.name";

/** The host of seed 000: both servers with their data on one subvolume, the export program, and a bucket. */
async function stage(t: TestContext, snapshots?: string) {
  const mountPoint = mountBtrfs(t);
  const path = createSubvolume(mountPoint, "opencode");
  const own = join(mountPoint, "snapshots");
  for (const folder of [join(path, "falkordb"), join(path, "valkey"), own]) mkdirSync(folder);
  const graph = await startFalkordb(t, { directory: join(path, "falkordb") });
  const cache = await startValkey(t, { directory: join(path, "valkey") });
  graph.call("GRAPH.QUERY", "memory", "CREATE (:Person {name:'Ada'})-[:KNOWS]->(:Person {name:'Grace'})");
  graph.call("SAVE");
  cache.call("SET", "session", "42");
  cache.call("SAVE");

  const root = temporaryDirectory(t);
  const manager = join(root, "memory_manager.py");
  writeFileSync(
    manager,
    `import json, subprocess, sys
answer = subprocess.run(["${graph.client}", "-s", "${graph.socket}", "GRAPH.RO_QUERY", "memory", "MATCH (n) RETURN n.name"], capture_output=True, text=True, check=True)
assert sys.argv[1:3] == ["export", "--output"]
json.dump(answer.stdout.split(), open(sys.argv[3], "w"))
`,
  );
  const server = await startS3(t);
  await server.createBucket(bucket);
  const example = placeExample(
    t,
    "opencode-memory/pantheros.yaml",
    {
      "/var/lib/opencode": path,
      "/.snapshots": snapshots ?? own,
      "https://s3.us-west-004.backblazeb2.com": server.endpoint,
      "/root/.opencode/graphiti/memory_manager.py": manager,
    },
    root,
  );
  example.secret("b2-key-id", server.accessKeyId);
  example.secret("b2-application-key", server.secretAccessKey);
  return { example, server, snapshots: own };
}

describe("example opencode-memory", { timeout: 240_000 }, () => {
  it(
    "uploads graph, cache and export of one moment, and the graph that is restored answers a query",
    components,
    async (t) => {
      const { example, server, snapshots } = await stage(t);
      await example.succeed("opencode-memory");

      const [snapshot = ""] = readdirSync(snapshots);
      const stamp = /\d{8}T\d{6}Z/.exec(snapshot)?.[0] ?? "";
      const keys = await server.keys(bucket);
      assert.deepEqual(
        [...new Set(keys.map((key) => key.split("/")[0]))],
        [`falkordb-${stamp}`, `graphiti-${stamp}`, `valkey-${stamp}`],
      );
      const { backups } = await example.status();
      assert.deepEqual(
        backups.map(({ job, target, proof }) => [job, target, proof?.state]),
        [["opencode-memory", "b2", "proven"]],
      );
      const metrics = await example.metrics();
      assert.equal(metrics.get('pantheros_objective_copies{host="hetzner-vps",objective="memory"}'), 2);
      const { stdout } = await example.run(["retention", "b2"]);
      assert.match(stdout, /^destination b2 +kept, nothing owed +3 /m);
      for (const series of ["falkordb-", "valkey-", "graphiti-"]) assert.match(stdout, new RegExp(`^${series}`, "m"));

      const directory = temporaryDirectory(t);
      await downloadFolder(s3Client(t, server), bucket, `falkordb-${stamp}/`, directory);
      const restored = await startFalkordb(t, { directory });
      assert.match(restored.call("GRAPH.RO_QUERY", "memory", question), /Ada\s+.*Grace|Ada[\s\S]*Grace/);

      // A second run shortly after the first one is a moment of its own; what is older than a month goes, the newest never.
      await example.succeed("opencode-bucket");
      assert.deepEqual(await server.keys(bucket), keys);
    },
  );

  it("without a credential fails before anything is touched, and says which one is missing", components, async (t) => {
    const { example, server, snapshots } = await stage(t);
    rmSync(join(example.root, "secrets/b2-application-key"));
    const { code } = await example.run(["run", "opencode-memory"]);
    assert.equal(code, 1);
    const [run] = await example.runs();
    assert.deepEqual([run?.outcome, run?.reason], ["failed", "auth"]);
    assert.match(run?.message ?? "", /secret_access_key of the destination b2/);
    assert.deepEqual(readdirSync(snapshots), []);
    assert.deepEqual(await server.keys(bucket), []);
  });

  it("uploads nothing when the snapshot cannot be made; the next run succeeds", components, async (t) => {
    const elsewhere = temporaryDirectory(t);
    const { example, server } = await stage(t, elsewhere);
    assert.equal((await example.run(["run", "opencode-memory"])).code, 1);
    assert.deepEqual(await server.keys(bucket), []);
    const [run] = await example.runs();
    assert.equal(run?.outcome, "failed");
    const shown = JSON.parse((await example.run(["runs", "show", run?.id ?? "", "--json"])).stdout);
    assert.deepEqual(
      shown.steps.map(({ outcome }: { outcome: string | null }) => outcome),
      ["failed", null, null, null, null],
    );
  });
});

import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { explainFailure, StepError } from "../../src/model/run/outcome.ts";
import { backupFalkordb } from "../../src/runners/backup-falkordb.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { contextOf } from "../support/runner-context.ts";
import { startFalkordb, startValkey, type ValkeyServer } from "../support/valkey.ts";

function prepare(t: TestContext, step: Record<string, unknown>) {
  const offsite = temporaryDirectory(t);
  const context = contextOf(
    { destinations: { offsite: { type: "local", path: offsite } } },
    { scratch: async () => temporaryDirectory(t) },
  );
  const options = backupFalkordb.options.parse({ to: "offsite", prefix: "falkordb-20261121T085700Z", ...step });
  return {
    offsite,
    stored: join(offsite, "falkordb-20261121T085700Z"),
    check: async () => backupFalkordb.check?.(options, context),
    run: () => backupFalkordb.run(options, context),
  };
}

/** Two graphs; one is so large that FalkorDB spreads it over several keys. */
async function withGraphs(t: TestContext): Promise<ValkeyServer> {
  const server = await startFalkordb(t);
  server.call("GRAPH.QUERY", "memory", "CREATE (:Person {name: 'Ada'})-[:KNOWS]->(:Person {name: 'Grace'})");
  server.call("GRAPH.QUERY", "large", "UNWIND range(1, 250000) AS n CREATE (:Number {value: n})");
  return server;
}

async function restored(t: TestContext, dump: string): Promise<ValkeyServer> {
  const directory = temporaryDirectory(t);
  copyFileSync(dump, join(directory, "dump.rdb"));
  return await startFalkordb(t, { directory });
}

const programsOf = ({ client, checker }: ValkeyServer) => ({ client, checker });

suite("backup.falkordb", needs("falkordb", "rclone"), () => {
  test("given graphs, when they are saved, then the dump holds them and answers queries", async (t) => {
    const server = await withGraphs(t);
    const step = prepare(t, { address: server.address, ...programsOf(server) });
    await step.check();
    const { evidence, message } = await step.run();
    assert.deepEqual(backupFalkordb.produces.parse(evidence), evidence);
    assert.deepEqual([evidence.graphs, evidence.method, evidence.checked_by], [2, "file", server.checker]);
    assert.match(message ?? "", /^2 graphs, \d+ keys, /);
    const copy = await restored(t, join(step.stored, "dump.rdb"));
    const answer = copy.call("GRAPH.QUERY", "memory", "MATCH (a)-[:KNOWS]->(b) RETURN a.name, b.name");
    assert.match(answer, /Ada\nGrace/);
    assert.match(copy.call("GRAPH.QUERY", "large", "MATCH (n) RETURN count(n)"), /250000/);
  });

  test("given its folder is not here, then the graphs come over the connection", async (t) => {
    const server = await withGraphs(t);
    server.call("ACL", "SETUSER", "default", "-config|get");
    const step = prepare(t, { address: server.socket, ...programsOf(server) });
    const { evidence } = await step.run();
    assert.deepEqual([evidence.graphs, evidence.method], [2, "connection"]);
    const copy = await restored(t, join(step.stored, "dump.rdb"));
    assert.match(copy.call("GRAPH.QUERY", "large", "MATCH (n) RETURN count(n)"), /250000/);
  });

  test("given the folder of a snapshot, then the graphs are counted in the dump itself", async (t) => {
    const server = await withGraphs(t);
    server.call("SAVE");
    const { evidence } = await prepare(t, { from: server.directory, checker: server.checker }).run();
    assert.deepEqual([evidence.graphs, evidence.method], [2, "folder"]);
  });

  test("given a checker that is older than the dump, then its own checksum has to do", needs("valkey"), async (t) => {
    const server = await withGraphs(t);
    server.call("SAVE");
    const { checker } = await startValkey(t);
    const { evidence } = await prepare(t, { from: server.directory, checker }).run();
    assert.deepEqual([evidence.graphs, evidence.checked_by, evidence.keys, evidence.checksum], [2, null, null, true]);
  });

  test("given a graph in which a bit has changed, then it is refused, also without a checker", async (t) => {
    const server = await withGraphs(t);
    server.call("SAVE");
    const folder = temporaryDirectory(t);
    const dump = readFileSync(join(server.directory, "dump.rdb"));
    const middle = dump.length >> 1;
    dump.writeUInt8(dump.readUInt8(middle) ^ 1, middle);
    writeFileSync(join(folder, "dump.rdb"), dump);
    const step = prepare(t, { from: folder, checker: "/bin/false" });
    await assert.rejects(step.run(), { reason: "verification", message: /checksum/ });
    assert.deepEqual(readdirSync(step.offsite), []);
  });

  test("given keys but no graph, then nothing is called a backup, unless that may be so", async (t) => {
    const server = await startFalkordb(t);
    server.call("SET", "plain", "value");
    const values = { address: server.address, ...programsOf(server) };
    await assert.rejects(prepare(t, values).run(), { reason: "empty_artifact", message: /no graph/ });
    assert.equal((await prepare(t, { ...values, allow_empty: true }).run()).evidence.graphs, 0);
  });

  test("given a Valkey instead, then it says that this is no FalkorDB", needs("valkey"), async (t) => {
    const server = await startValkey(t);
    server.call("SET", "plain", "value");
    const failure: unknown = await prepare(t, { address: server.address, ...programsOf(server) })
      .run()
      .catch((error) => error);
    assert.ok(failure instanceof StepError);
    assert.equal(failure.reason, "source");
    assert.match(explainFailure(failure), /GRAPH\.LIST: ERR unknown command.* – it is no FalkorDB.*backup\.valkey$/);
  });
});

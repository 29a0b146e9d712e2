import assert from "node:assert/strict";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { StepError } from "../../../src/model/run/outcome.ts";
import type { Valkey } from "../../../src/tools/valkey/valkey.ts";
import { dumpServer } from "../../../src/tools/valkey/valkey-save.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const dump = fileURLToPath(new URL("../../fixtures/valkey/redis-8.2.3/graph.rdb", import.meta.url));
/** When the recorded dump was made, seconds. */
const madeAt = readFileSync(dump).readInt32LE(readFileSync(dump).indexOf("ctime") + 6);

interface Behaviour {
  /** Replies of BGSAVE, one by one; the last one stays. Errors are thrown. */
  readonly bgsave?: readonly (string | Error)[];
  readonly persistence?: readonly Record<string, string>[];
  readonly runIds?: readonly string[];
  readonly clock?: number;
}

/** A server that does what a real one does only in bad moments. */
function server(directory: string, { bgsave, persistence, runIds, clock }: Behaviour = {}) {
  const said: string[] = [];
  const next = <Reply>(name: string, replies: readonly Reply[]): Reply => {
    said.push(name);
    const at = said.filter((other) => other === name).length - 1;
    return replies[Math.min(at, replies.length - 1)] as Reply;
  };
  const fake: Valkey = {
    address: "server:1",
    async call(command = "", _ = "", setting = "") {
      if (command === "CONFIG") return [setting, setting === "dir" ? directory : "dump.rdb"];
      if (command === "TIME") return [String(clock ?? madeAt), "0"];
      const reply = next(command, bgsave ?? ["Background saving started"]);
      if (reply instanceof Error) throw reply;
      return [reply];
    },
    async info(section) {
      if (section === "server") return new Map([["run_id", next("server", runIds ?? ["one"])]]);
      const done = { rdb_bgsave_in_progress: "0", rdb_last_bgsave_status: "ok" };
      return new Map(Object.entries(next("persistence", persistence ?? [done])));
    },
    async dumpTo(file) {
      said.push("dumpTo");
      copyFileSync(dump, file);
    },
  };
  return { fake, said };
}

async function save(t: TestContext, behaviour: Behaviour) {
  const directory = temporaryDirectory(t);
  copyFileSync(dump, join(directory, "dump.rdb"));
  const { fake, said } = server(directory, behaviour);
  const ratios: number[] = [];
  const { signal } = new AbortController();
  const onProgress = (ratio: number) => ratios.push(ratio);
  const result = await dumpServer(fake, join(temporaryDirectory(t), "dump.rdb"), { signal, onProgress });
  return { result, said, ratios };
}

suite("a save that is awaited", () => {
  test("is over when the server says so, and progress is told until then", async (t) => {
    const busy = { rdb_bgsave_in_progress: "1", current_save_keys_processed: "1", current_save_keys_total: "4" };
    const done = { rdb_bgsave_in_progress: "0", rdb_last_bgsave_status: "ok" };
    const { result, ratios } = await save(t, { persistence: [busy, busy, done] });
    assert.equal(result.by, "file");
    assert.deepEqual(ratios, [0.25, 0.25]);
  });

  test("begins when another child of the server has ended", async (t) => {
    const another = new StepError("source", "server:1, BGSAVE: ERR Another child process is active (AOF?)");
    const saving = new StepError("source", "server:1, BGSAVE: ERR Background save already in progress");
    const { said } = await save(t, { bgsave: [another, saving, "Background saving started"] });
    assert.equal(said.filter((name) => name === "BGSAVE").length, 3);
  });

  test("that failed is no save, although an older dump is there", async (t) => {
    const failed = { rdb_bgsave_in_progress: "0", rdb_last_bgsave_status: "err", rdb_last_bgsave_time_sec: "0" };
    await assert.rejects(save(t, { persistence: [failed] }), { reason: "source", message: /could not save its data/ });
  });

  test("of a server that was restarted meanwhile is no save, although all looks well again", async (t) => {
    await assert.rejects(save(t, { runIds: ["one", "two"] }), { reason: "source", message: /was restarted/ });
  });

  test("whose file is older than the save is not taken: the folder is another server's", async (t) => {
    const { result, said } = await save(t, { clock: madeAt + 1 });
    assert.equal(result.by, "connection");
    assert.ok(said.includes("dumpTo"));
  });

  test("of something that is no such server is not awaited for ever", async (t) => {
    await assert.rejects(save(t, { persistence: [{}] }), { reason: "unknown", message: /does not say/ });
  });

  test("that cannot begin for another reason fails at once", async (t) => {
    const refused = new StepError("auth", "server:1, BGSAVE: NOPERM");
    await assert.rejects(save(t, { bgsave: [refused] }), { reason: "auth" });
  });

  test("ends with the step that waits for it", async (t) => {
    const { fake } = server(temporaryDirectory(t), { persistence: [{ rdb_bgsave_in_progress: "1" }] });
    const signal = AbortSignal.timeout(50);
    const file = join(temporaryDirectory(t), "dump.rdb");
    await assert.rejects(dumpServer(fake, file, { signal, onProgress: () => undefined }), { reason: "cancelled" });
  });
});

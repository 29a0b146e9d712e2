import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, type TestContext, test } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { backupValkey } from "../../src/runners/backup-valkey.ts";
import type { Leftover, RunnerContext } from "../../src/runners/runner.ts";
import { createExecute, type ToolCall } from "../../src/tools/exec.ts";
import { falkordbDirectory, needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { failureOf } from "../support/failure.ts";
import { refusingEndpoint, startBlackHole } from "../support/hostile-server.ts";
import { contextOf } from "../support/runner-context.ts";
import { startS3 } from "../support/s3.ts";
import { fillUp, mountTmpfs } from "../support/tmpfs.ts";
import { startValkey, type ValkeyServer } from "../support/valkey.ts";

/** The runner with a folder as destination and everything real but the engine around it. */
function prepare(t: TestContext, step: Record<string, unknown>, more: Partial<RunnerContext> = {}) {
  const offsite = temporaryDirectory(t);
  const scratch: string[] = [];
  const calls: ToolCall[] = [];
  const open: Leftover[] = [];
  const execute = createExecute({ env: process.env, signal: more.signal ?? new AbortController().signal });
  const context = contextOf(
    { destinations: { offsite: { type: "local", path: offsite } } },
    {
      execute: (call) => {
        calls.push(call);
        return execute(call);
      },
      readSecret: () => new Secret("hunter2", "test"),
      scratch: async () => {
        const folder = temporaryDirectory(t);
        scratch.push(folder);
        return folder;
      },
      leftover: (what) => {
        open.push(what);
        return { settled: () => void open.splice(open.indexOf(what), 1) };
      },
      ...more,
    },
  );
  const options = backupValkey.options.parse({ to: "offsite", prefix: "valkey-20261121T085700Z", ...step });
  const stored = join(offsite, "valkey-20261121T085700Z");
  return {
    check: async () => backupValkey.check?.(options, context),
    run: () => backupValkey.run(options, context),
    context,
    offsite,
    stored,
    calls,
    open,
  };
}

const programsOf = ({ client, checker }: ValkeyServer) => ({ client, checker });

/** What a server that starts on a dump finds in it. */
async function restored(t: TestContext, dump: string): Promise<ValkeyServer> {
  const directory = temporaryDirectory(t);
  copyFileSync(dump, join(directory, "dump.rdb"));
  return await startValkey(t, { directory });
}

suite("backup.valkey of a running server", needs("valkey", "rclone"), () => {
  test("given its folder is here, then what BGSAVE wrote is uploaded, proven, and holds everything", async (t) => {
    const server = await startValkey(t);
    server.call("SET", "greeting", "hello");
    server.call("XADD", "stream", "*", "field", "value");
    const step = prepare(t, { address: server.address, ...programsOf(server) });
    await step.check();
    const { evidence, bytes, files, message } = await step.run();
    assert.deepEqual(backupValkey.produces.parse(evidence), evidence);
    assert.deepEqual(
      [evidence.method, evidence.keys, evidence.files, evidence.checksum, evidence.checked_by, files],
      ["file", 2, 1, true, server.checker, 1],
    );
    assert.match(evidence.server ?? "", /^Valkey \d/);
    assert.match(message ?? "", /^2 keys, \d+ B, saved \d\S* ago, found at /);
    assert.deepEqual(readdirSync(step.stored), ["dump.rdb"]);
    assert.equal(bytes, readFileSync(join(step.stored, "dump.rdb")).length);
    assert.deepEqual(step.open, [], "nothing is left over when it is proven");
    const copy = await restored(t, join(step.stored, "dump.rdb"));
    assert.equal(copy.call("GET", "greeting"), "hello\n");
  });

  test("given a Unix socket and a password, then the password is in no argv", async (t) => {
    const server = await startValkey(t, { password: "hunter2" });
    server.call("SET", "a", "b");
    const step = prepare(t, { address: server.socket, password: { environment: "PASSWORD" }, ...programsOf(server) });
    await step.check();
    assert.equal((await step.run()).evidence.keys, 1);
    assert.ok(step.calls.length > 5);
    assert.doesNotMatch(JSON.stringify(step.calls.map(({ argv }) => argv)), /hunter2/);
  });

  test("given a user that may only do what a dump takes, then it works", async (t) => {
    const server = await startValkey(t);
    server.call("SET", "a", "b");
    const rights = ["+ping", "+info", "+time", "+bgsave", "+config|get", "+sync", "+psync", "+replconf"];
    server.call("ACL", "SETUSER", "backup", "on", ">hunter2", ...rights);
    const values = { user: "backup", password: { environment: "PASSWORD" }, ...programsOf(server) };
    assert.equal((await prepare(t, { address: server.address, ...values }).run()).evidence.method, "file");
    server.call("ACL", "SETUSER", "backup", "-config|get");
    assert.equal((await prepare(t, { address: server.address, ...values }).run()).evidence.method, "connection");
    server.call("ACL", "SETUSER", "backup", "-info");
    const failure = await failureOf(prepare(t, { address: server.address, ...values }).run());
    assert.equal(failure.reason, "auth");
    assert.match(failure.details.advice ?? "", /needs INFO/);
  });

  test("given its folder is not here, as in a container, then it sends the dump", async (t) => {
    const server = await startValkey(t);
    server.call("SET", "a", "b");
    // A container: what the server calls /data is another folder here, with another server's dump in it.
    const elsewhere = temporaryDirectory(t);
    const other = await startValkey(t, { directory: elsewhere });
    other.call("SET", "other", "server");
    other.call("SAVE");
    const step = prepare(t, { address: server.address, ...programsOf(server) });
    const lying: RunnerContext = {
      ...step.context,
      execute: async (call) => {
        const result = await step.context.execute(call);
        return call.argv.includes("dir") ? { ...result, stdout: `dir\n${elsewhere}\n` } : result;
      },
    };
    const options = backupValkey.options.parse({
      to: "offsite",
      prefix: "valkey-20261121T085700Z",
      address: server.address,
      ...programsOf(server),
    });
    // The clock of a dump is in seconds: a dump of this very second could be taken for the new one.
    await other.stop();
    const stale = readFileSync(join(elsewhere, "dump.rdb"));
    const at = stale.indexOf("ctime") + 6;
    stale.writeInt32LE(stale.readInt32LE(at) - 3600, at);
    stale.fill(0, stale.length - 8);
    writeFileSync(join(elsewhere, "dump.rdb"), stale);

    const { evidence } = await backupValkey.run(options, lying);
    assert.equal(evidence.method, "connection");
    const copy = await restored(t, join(step.stored, "dump.rdb"));
    assert.equal(copy.call("KEYS", "*"), "a\n");
  });

  test("given another save at work, then it waits for it and makes its own", async (t) => {
    const server = await startValkey(t);
    for (let n = 0; n < 20; n += 1) server.call("SET", `key${n}`, "v");
    server.call("CONFIG", "SET", "rdb-key-save-delay", "20000");
    server.call("BGSAVE");
    server.call("SET", "late", "arrival");
    const { evidence } = await prepare(t, { address: server.address, ...programsOf(server) }).run();
    assert.deepEqual([evidence.keys, evidence.method], [21, "file"]);
  });

  test("given a folder that is full, then its failed save is told, with the next step", needs("root"), async (t) => {
    const directory = mountTmpfs(t, "1m");
    const server = await startValkey(t, { directory });
    server.call("SET", "a", "b");
    server.call("SAVE");
    fillUp(directory);
    server.call("SET", "big", "x".repeat(9000));
    const step = prepare(t, { address: server.address, ...programsOf(server) });
    const failure = await failureOf(step.run());
    assert.equal(failure.reason, "source");
    assert.match(failure.message, /could not save its data to /);
    assert.match(failure.details.advice ?? "", /have room for a second dump/);
    assert.equal(existsSync(step.stored), false, "the old dump is not taken for a new one");
  });

  test("given a server that goes away while it saves, then it is network", async (t) => {
    const server = await startValkey(t);
    for (let n = 0; n < 20; n += 1) server.call("SET", `key${n}`, "v");
    server.call("CONFIG", "SET", "rdb-key-save-delay", "500000");
    const step = prepare(
      t,
      { address: server.address, ...programsOf(server) },
      {
        progress: ({ note }) => {
          if (/ saves$/.test(note ?? "")) void server.stop("SIGKILL");
        },
      },
    );
    const failure = await failureOf(step.run());
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /Could not connect/);
    assert.equal(existsSync(step.stored), false);
  });

  test("given a server that goes away while it sends, then nothing is uploaded", async (t) => {
    const server = await startValkey(t);
    for (let n = 0; n < 20; n += 1) server.call("SET", `key${n}`, "v".repeat(100_000));
    server.call("ACL", "SETUSER", "default", "-config|get");
    server.call("CONFIG", "SET", "rdb-key-save-delay", "500000");
    const step = prepare(t, { address: server.address, ...programsOf(server) });
    const going: RunnerContext = {
      ...step.context,
      execute: async (call) => {
        if (call.argv.includes("--rdb")) setTimeout(() => void server.stop("SIGKILL"), 300);
        return await step.context.execute(call);
      },
    };
    const options = backupValkey.options.parse({
      to: "offsite",
      prefix: "p",
      address: server.address,
      ...programsOf(server),
    });
    const failure = await failureOf(backupValkey.run(options, going));
    assert.ok(["network", "verification"].includes(failure.reason), failure.reason);
    assert.deepEqual(readdirSync(step.offsite), []);
  });

  test("given a wrong password, then check says auth before anything is touched", async (t) => {
    const server = await startValkey(t, { password: "another" });
    const values = { address: server.address, password: { environment: "PASSWORD" }, ...programsOf(server) };
    const step = prepare(t, values);
    assert.equal((await failureOf(step.check())).reason, "auth");
    assert.equal((await failureOf(step.run())).reason, "auth");
    const without = prepare(t, { address: server.address, ...programsOf(server) });
    assert.equal((await failureOf(without.check())).reason, "auth");
  });

  test("given nobody at the address, or nobody who answers, then it is network", async (t) => {
    const server = await startValkey(t);
    const nowhere = new URL(await refusingEndpoint(t)).host;
    const refused = await failureOf(prepare(t, { address: nowhere, ...programsOf(server) }).check());
    assert.equal(refused.reason, "network");
    const silent = await startBlackHole(t);
    const step = prepare(t, { address: `127.0.0.1:${silent.port}`, ...programsOf(server) });
    const hasty: RunnerContext = {
      ...step.context,
      execute: (call) => step.context.execute(call.argv.includes("PING") ? { ...call, timeoutSeconds: 0.3 } : call),
    };
    const options = backupValkey.options.parse({
      to: "offsite",
      address: `127.0.0.1:${silent.port}`,
      ...programsOf(server),
    });
    const failure = await failureOf(backupValkey.check?.(options, hasty) ?? Promise.resolve());
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /did not answer PING within/);
  });

  test("given a server without a key, then nothing is called a backup, unless it may be empty", async (t) => {
    const server = await startValkey(t);
    const values = { address: server.address, ...programsOf(server) };
    const failure = await failureOf(prepare(t, values).run());
    assert.equal(failure.reason, "empty_artifact");
    assert.match(failure.details.advice ?? "", /allow_empty/);
    assert.equal((await prepare(t, { ...values, allow_empty: true }).run()).evidence.keys, 0);
  });

  test("given a scratch folder that is full, then it is space", needs("root"), async (t) => {
    const server = await startValkey(t);
    for (let n = 0; n < 30; n += 1) server.call("SET", `key${n}`, randomBytes(40_000).toString("base64"));
    const scratch = mountTmpfs(t, "1m");
    const values = { address: server.address, ...programsOf(server) };
    const copied = await failureOf(prepare(t, values, { scratch: async () => scratch }).run());
    assert.equal(copied.reason, "space");
    server.call("ACL", "SETUSER", "default", "-config|get");
    const sent = await failureOf(prepare(t, values, { scratch: async () => scratch }).run());
    assert.equal(sent.reason, "space");
  });

  test("given a dry run, then the server is left alone and it says what would be", async (t) => {
    const server = await startValkey(t);
    const step = prepare(t, { address: server.address, ...programsOf(server) }, { dryRun: true });
    const { evidence, message } = await step.run();
    assert.match(message ?? "", /would save the data of 127\.0\.0\.1:\d+ to /);
    assert.deepEqual([evidence.files, step.calls.length], [0, 0]);
  });

  test("given a run that is cancelled while the server saves, then it is cancelled", async (t) => {
    const server = await startValkey(t);
    for (let n = 0; n < 20; n += 1) server.call("SET", `key${n}`, "v");
    server.call("CONFIG", "SET", "rdb-key-save-delay", "500000");
    const stop = new AbortController();
    const step = prepare(
      t,
      { address: server.address, ...programsOf(server) },
      {
        signal: stop.signal,
        progress: ({ note }) => void (/ saves$/.test(note ?? "") && stop.abort()),
      },
    );
    assert.equal((await failureOf(step.run())).reason, "cancelled");
  });

  test(
    "given S3, then the bucket's own listing is the proof, and what fails is removed again",
    needs("s3"),
    async (t) => {
      const s3 = await startS3(t);
      await s3.createBucket("bucket");
      const server = await startValkey(t);
      server.call("SET", "a", "b");
      const destinations = {
        offsite: {
          type: "s3",
          endpoint: s3.endpoint,
          bucket: "bucket",
          prefix: "top",
          access_key_id: { environment: "ID" },
          secret_access_key: { environment: "KEY" },
        },
      };
      const step = prepare(
        t,
        { address: server.address, ...programsOf(server) },
        { config: contextOf({ destinations }).config },
      );
      const { evidence } = await step.run();
      assert.equal(evidence.prefix, "top/valkey-20261121T085700Z");
      assert.deepEqual(await s3.keys("bucket"), ["top/valkey-20261121T085700Z/dump.rdb"]);
      const what = { destination: "offsite", prefix: evidence.prefix };
      await backupValkey.removeLeftover?.(what, step.context);
      assert.deepEqual(await s3.keys("bucket"), []);
      await backupValkey.removeLeftover?.(what, step.context);
    },
  );
});

suite("backup.valkey of a folder", needs("valkey", "rclone"), () => {
  async function folderOf(t: TestContext, settings: readonly string[] = []) {
    const server = await startValkey(t, { settings });
    server.call("SET", "greeting", "hello");
    server.call("SAVE");
    return server;
  }

  test("given a dump, then it alone is uploaded and proven", async (t) => {
    const server = await folderOf(t);
    writeFileSync(join(server.directory, "temp-4711.rdb"), "half a dump");
    const step = prepare(t, { from: server.directory, checker: server.checker });
    await step.check();
    const { evidence } = await step.run();
    assert.deepEqual([evidence.method, evidence.keys, evidence.files], ["folder", 1, 1]);
    assert.deepEqual(readdirSync(step.stored), ["dump.rdb"]);
  });

  test("given a server at work that saves meanwhile, then what was not proven does not stay", async (t) => {
    const server = await folderOf(t);
    const step = prepare(t, { from: server.directory, checker: server.checker });
    const saving: RunnerContext = {
      ...step.context,
      execute: async (call) => {
        if (call.argv[0] === "rclone") server.call("SAVE");
        return await step.context.execute(call);
      },
    };
    const options = backupValkey.options.parse({
      to: "offsite",
      prefix: "valkey-20261121T085700Z",
      from: server.directory,
      checker: server.checker,
    });
    const failure = await failureOf(backupValkey.run(options, saving));
    assert.equal(failure.reason, "verification");
    assert.match(failure.message, /dump\.rdb in .* changed while it was read/);
    assert.deepEqual(step.open, [{ destination: "offsite", prefix: "valkey-20261121T085700Z" }]);
    await backupValkey.removeLeftover?.(step.open[0] ?? {}, step.context);
    assert.deepEqual(readdirSync(step.offsite), []);
  });

  test("given append-only files, then they come along, and a server finds all in them", async (t) => {
    const server = await folderOf(t, ["--appendonly", "yes"]);
    server.call("SET", "later", "than the dump");
    const step = prepare(t, { from: server.directory, checker: server.checker });
    const { evidence } = await step.run();
    assert.equal(evidence.files, 4, "the dump, its base, what was appended and the manifest");
    const copy = await startValkey(t, { directory: step.stored, settings: ["--appendonly", "yes"] });
    assert.equal(copy.call("GET", "later"), "than the dump\n");
  });

  for (const [what, spoil] of [
    ["cut short", (dump: Buffer) => dump.subarray(0, dump.length - 20)],
    ["without its last byte", (dump: Buffer) => dump.subarray(0, dump.length - 1)],
    ["with one flipped bit", (dump: Buffer) => Buffer.from(dump.map((byte, at) => (at === 60 ? byte ^ 4 : byte)))],
    ["empty", () => Buffer.alloc(0)],
    ["with something else after it", (dump: Buffer) => Buffer.concat([dump, Buffer.from("more")])],
    ["that is no dump", () => Buffer.from("#!/bin/sh\necho hello\n")],
  ] as const) {
    test(`given a dump ${what}, then it is refused and nothing is uploaded`, async (t) => {
      const server = await folderOf(t);
      const folder = temporaryDirectory(t);
      writeFileSync(join(folder, "dump.rdb"), spoil(readFileSync(join(server.directory, "dump.rdb"))));
      const step = prepare(t, { from: folder });
      const failure = await failureOf(step.run());
      assert.equal(failure.reason, "verification");
      assert.deepEqual(readdirSync(step.offsite), []);
    });
  }

  test("given a dump without a checksum, then only a checker that knows it will do", async (t) => {
    const server = await folderOf(t, ["--rdbchecksum", "no"]);
    const { evidence } = await prepare(t, { from: server.directory, checker: server.checker }).run();
    assert.deepEqual([evidence.checksum, evidence.checked_by], [false, server.checker]);
    const old = join(temporaryDirectory(t), "old-checker");
    writeFileSync(old, '#!/bin/sh\necho "[offset 9] Can\'t handle RDB format version 11"; exit 1\n', { mode: 0o755 });
    const failure = await failureOf(prepare(t, { from: server.directory, checker: old }).run());
    assert.equal(failure.reason, "verification");
    assert.match(failure.details.advice ?? "", /rdbchecksum yes/);
  });

  test("given a dump that is older than allowed, then it is source", async (t) => {
    const server = await folderOf(t);
    const tomorrow = () => Date.now() + 86_400_000;
    const step = prepare(t, { from: server.directory, max_age: "6h", checker: server.checker }, { now: tomorrow });
    const failure = await failureOf(step.run());
    assert.equal(failure.reason, "source");
    assert.match(failure.message, /is 24h old, allowed are 6h|is 1d old, allowed are 6h/);
  });

  test("given no dump, an old append-only file, or one that its manifest misses, then it is source", async (t) => {
    const folder = temporaryDirectory(t);
    assert.match((await failureOf(prepare(t, { from: folder }).run())).message, /there is no dump\.rdb in /);
    writeFileSync(join(folder, "appendonly.aof"), "");
    assert.match((await failureOf(prepare(t, { from: folder }).run())).message, /before version 7/);

    const server = await folderOf(t, ["--appendonly", "yes"]);
    const broken = temporaryDirectory(t);
    mkdirSync(join(broken, "appendonlydir"));
    const manifest = "appendonlydir/appendonly.aof.manifest";
    copyFileSync(join(server.directory, manifest), join(broken, manifest));
    const failure = await failureOf(prepare(t, { from: broken }).run());
    assert.equal(failure.reason, "source");
    assert.match(failure.message, /appendonly\.aof\.1\.base\.rdb is missing/);
  });

  test("given neither or both of from and address, then the options are refused", () => {
    for (const values of [{}, { from: "/a", address: "a:1" }]) {
      const { error } = backupValkey.options.safeParse({ to: "offsite", ...values });
      assert.match(error?.issues[0]?.message ?? "", /either from, .* or the address/);
    }
  });

  test("given only redis's programs on PATH, then they are used", needs("falkordb"), async (t) => {
    const server = await startValkey(t);
    server.call("SET", "a", "b");
    const found: string[] = [];
    const step = prepare(
      t,
      { address: server.address },
      {
        resolveProgram: ({ argv: [program] }) => {
          const file = join(falkordbDirectory(), program);
          if (!existsSync(file)) throw new StepError("tool_missing", program);
          found.push(program);
          return file;
        },
        execute: createExecute({ env: { ...process.env, PATH: `${falkordbDirectory()}:/usr/bin:/bin` } }),
      },
    );
    const { evidence } = await step.run();
    assert.deepEqual([evidence.checked_by, evidence.keys], ["redis-check-rdb", 1]);
    assert.ok(found.includes("redis-cli"));
  });
});

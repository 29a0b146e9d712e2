import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import type { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import type { Execute, ToolCall } from "../../../src/tools/exec.ts";
import { checkRdb } from "../../../src/tools/valkey/rdb-check.ts";
import { addressPattern, createValkey, parseInfo } from "../../../src/tools/valkey/valkey.ts";

const recorded = (file: string) => readFileSync(new URL(`../../fixtures/valkey/${file}.txt`, import.meta.url), "utf8");

/** A program that says what was recorded, and ends as it did. */
function saying(file: string, calls: ToolCall[] = []): Execute {
  const [, text = "", code] = /^([\s\S]*)exit code (\d+)\n$/.exec(recorded(file)) ?? [];
  const exitCode = Number(code);
  return async (call) => {
    calls.push(call);
    const [stdout, stderr] = exitCode === 0 ? [text, ""] : ["", text];
    return { argv: call.argv, exitCode, signal: null, stdout, stderr, durationSeconds: 0 };
  };
}

const connect = (execute: Execute, more = {}) =>
  createValkey({ address: "127.0.0.1:6379", client: "valkey-cli", ...more }, execute, new AbortController().signal);

suite("valkey-cli 8.1 as recorded", () => {
  for (const [file, reason, says] of [
    ["cli-wrong-password", "auth", /WRONGPASS/],
    ["cli-no-password", "auth", /NOAUTH/],
    ["cli-rdb-no-password", "auth", /NOAUTH/],
    ["cli-not-allowed", "auth", /NOPERM User few/],
    ["cli-rdb-no-space", "space", /short write/],
    ["cli-rdb-server-gone", "network", /while SYNCing/],
    ["cli-refused", "network", /Could not connect/],
    ["cli-unknown-command", "source", /unknown command/],
    ["cli-saving", "source", /already in progress/],
  ] as const) {
    test(`${file} is ${reason}, in one sentence and with the next step`, async () => {
      await assert.rejects(connect(saying(`8.1.1/${file}`)).call("PING"), (error: StepError) => {
        assert.equal(error.reason, reason);
        assert.match(error.message, says);
        assert.doesNotMatch(error.message, /\n/);
        assert.ok(error.details.advice);
        return true;
      });
    });
  }

  test("a server that knows no graphs is told with the step that saves it", async () => {
    await assert.rejects(connect(saying("8.1.1/cli-unknown-command")).call("GRAPH.LIST"), ({ details }: StepError) => {
      assert.match(details.advice ?? "", /no FalkorDB, or its module is not loaded: .* backup\.valkey$/);
      return true;
    });
  });

  test("INFO is read by names, whatever the server adds", async () => {
    const info = await connect(saying("8.1.1/info-persistence")).info("persistence");
    assert.deepEqual([info.get("rdb_bgsave_in_progress"), info.get("rdb_last_bgsave_status")], ["1", "ok"]);
    assert.deepEqual([...parseInfo(["# A", "", "a:b:c", "nonsense"])], [["a", "b:c"]]);
  });

  test("a client that is killed is killed, and one that says nothing is source", async () => {
    const ended =
      (exitCode: number | null, signal: string | null): Execute =>
      async ({ argv }) => ({ argv, exitCode, signal, stdout: "", stderr: "", durationSeconds: 0 });
    await assert.rejects(connect(ended(null, "SIGKILL")).call("PING"), { reason: "killed" });
    await assert.rejects(connect(ended(1, null)).call("PING"), { reason: "source", message: /exit code 1/ });
  });
});

suite("the address of a server", () => {
  for (const [address, argv] of [
    ["localhost:6379", ["-h", "localhost", "-p", "6379"]],
    ["[::1]:6379", ["-h", "::1", "-p", "6379"]],
    ["/run/valkey.sock", ["-s", "/run/valkey.sock"]],
  ] as const) {
    test(`${address} goes into argv, a password does not`, async () => {
      assert.match(address, addressPattern);
      const calls: ToolCall[] = [];
      const settings = { address, user: "backup", password: new Secret("hunter2", "test") };
      await connect(saying("8.1.1/info-persistence", calls), settings).info("persistence");
      assert.deepEqual(calls[0]?.argv, ["valkey-cli", ...argv, "--user", "backup", "-e", "INFO", "persistence"]);
      assert.equal(calls[0]?.environment?.["REDISCLI_AUTH"], settings.password);
    });
  }

  for (const bad of [
    "localhost",
    ":6379",
    "host:port",
    "relative/path",
    "-h:1 -x",
    "::1:6379",
    "a b:1",
    "redis://a:1",
  ]) {
    test(`is not ${bad}`, () => assert.doesNotMatch(bad, addressPattern));
  }
});

suite("the checkers as recorded", () => {
  test("pass a whole dump and count its keys, graphs among them", async () => {
    assert.deepEqual(await checkRdb("valkey-check-rdb", "/d", saying("8.1.1/check-whole")), {
      verdict: "passed",
      keys: 1,
    });
    const { verdict, keys } = await checkRdb("redis-check-rdb", "/d", saying("redis-8.2.3/check-graph"));
    assert.equal(verdict, "passed");
    assert.ok((keys ?? 0) >= 2);
  });

  test("are unable where the dump is newer than they are: that says nothing about the dump", async () => {
    const { verdict } = await checkRdb("valkey-check-rdb", "/d", saying("8.1.1/check-newer-format"));
    assert.equal(verdict, "unable");
  });

  for (const file of ["8.1.1/check-cut", "redis-8.2.3/check-graph-cut"]) {
    test(`find ${file} broken, and say where`, async () => {
      await assert.rejects(checkRdb("checker", "/dump.rdb", saying(file)), {
        reason: "verification",
        message: /checker finds \/dump\.rdb broken: .*(?:EOF|Error reading)/,
      });
    });
  }
});

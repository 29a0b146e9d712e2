import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { createExecute } from "../../src/tools/exec.ts";
import { prepareLaunch } from "../../src/tools/process/launch.ts";
import { identityOf } from "../../src/tools/process/process.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { isAlive } from "../support/process.ts";

const execute = createExecute({ env: process.env, graceSeconds: 0.3 });
const sh = (script: string, ...args: string[]) => ["sh", "-c", script, "sh", ...args] as const;

const failure = async (promise: Promise<unknown>): Promise<StepError> => {
  const error = await promise.then(
    () => assert.fail("it was expected to fail"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StepError, `not a StepError: ${error}`);
  return error;
};

describe("a program that ends", () => {
  it("gives its exit code, both outputs and its duration", async () => {
    const result = await execute({ argv: sh("echo out; echo err >&2; exit 3") });
    assert.equal(result.exitCode, 3);
    assert.equal(result.signal, null);
    assert.equal(result.stdout, "out\n");
    assert.equal(result.stderr, "err\n");
    assert.ok(result.durationSeconds > 0);
  });

  it("gives the signal that ended it and no exit code", async () => {
    const result = await execute({ argv: sh("kill -KILL $$") });
    assert.deepEqual([result.exitCode, result.signal], [null, "SIGKILL"]);
  });

  it("gets its arguments as they are: no shell ever reads them", async () => {
    const hostile = ["a b", "$(touch x)", "`id`", "-n", "'\"", "new\nline", "*", "", "ü"];
    const result = await execute({ argv: ["printf", "%s|", ...hostile] });
    assert.equal(result.stdout, `${hostile.join("|")}|`);
  });

  it("runs in the directory of the call", async (t) => {
    const directory = temporaryDirectory(t);
    assert.equal((await execute({ argv: ["pwd"], directory })).stdout.trim(), directory);
  });

  it("has nothing to read on standard input", async () => {
    assert.equal((await execute({ argv: ["cat"], timeoutSeconds: 10 })).stdout, "");
  });

  it("leads a process group and a session of its own", async () => {
    let pid = 0;
    const own = createExecute({ env: process.env, onStart: (child) => (pid = child.pid) });
    const { stdout } = await own({ argv: ["cat", "/proc/self/stat"] });
    const [, , , , group, session] = stdout.split(" ");
    assert.deepEqual([Number(group), Number(session)], [pid, pid]);
  });

  it("is announced with its own argv and its end is told", async () => {
    const heard: unknown[] = [];
    const own = createExecute({
      env: process.env,
      onStart: ({ argv, pid }) => heard.push(["start", argv, typeof pid]),
      onEnd: (pid) => heard.push(["end", typeof pid]),
    });
    await own({ argv: ["true", "x"] });
    assert.deepEqual(heard, [
      ["start", ["true", "x"], "number"],
      ["end", "number"],
    ]);
  });
});

describe("the environment of a program", () => {
  it("is closed: PATH, HOME, LC_ALL, TZ and what the call adds, with secrets revealed only there", async () => {
    const own = createExecute({
      env: { PATH: "/opt/own/bin:relative", HOME: "/home/x", AWS_SECRET_ACCESS_KEY: "leak" },
    });
    const { stdout } = await own({
      argv: ["env", "-0"],
      environment: { PLAIN: "a=b", PASSWORD: new Secret("s3cret", "test") },
    });
    assert.deepEqual(stdout.split("\0").filter(Boolean).sort(), [
      "HOME=/home/x",
      "LC_ALL=C",
      "PASSWORD=s3cret",
      "PATH=/opt/own/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "PLAIN=a=b",
      "TZ=UTC",
    ]);
  });

  it("never holds a NUL byte", async () => {
    const error = await failure(execute({ argv: ["true"], environment: { A: "x\0y" } }));
    assert.equal(error.reason, "config");
  });
});

describe("output", () => {
  it("is drained and kept in full up to the bound, without a newline at its end too", async () => {
    const result = await execute({ argv: sh("head -c 3000000 /dev/zero | tr '\\0' x") });
    assert.equal(result.stdout.length, 3_000_000);
  });

  it("of more than the bound ends the program and fails as unknown", async () => {
    const error = await failure(execute({ argv: ["yes"], maxOutputBytes: 100_000, timeoutSeconds: 30 }));
    assert.equal(error.reason, "unknown");
    assert.match(error.message, /yes printed more than 100000 bytes/);
  });

  it("of 100 MB passes line by line in bounded memory, only its tail is kept", async () => {
    let count = 0;
    let bytes = 0;
    const before = process.memoryUsage().rss;
    const result = await execute({
      argv: sh("yes 0123456789012345678901234567890123456789 | head -c 100000000"),
      onStdoutLine: (line) => {
        count += 1;
        bytes += line.length + 1;
      },
    });
    assert.equal(Math.floor(bytes / 41), Math.floor(100_000_000 / 41));
    assert.equal(count, Math.ceil(100_000_000 / 41));
    assert.equal(result.stdout.length, 64 * 1024);
    assert.ok(process.memoryUsage().rss - before < 200e6, "memory grew with the output");
  });

  it("that is binary garbage crashes nothing", async () => {
    const lines: string[] = [];
    const garbage = await execute({ argv: ["head", "-c", "200000", "/dev/urandom"] });
    assert.ok(garbage.stdout.length > 0);
    const heard = await execute({ argv: sh("printf 'a\\377\\0b\\n\\303'"), onStdoutLine: (line) => lines.push(line) });
    assert.deepEqual(lines, ["a\ufffd\0b", "\ufffd"]);
    assert.equal(heard.exitCode, 0);
  });

  it("reaches the listeners as whole lines, whatever the pieces it comes in", async () => {
    const out: string[] = [];
    const err: string[] = [];
    await execute({
      argv: sh("printf 'o\\303'; sleep 0.05; printf '\\251 one\\n\\nthree'; printf 'e1\\ne2\\n' >&2"),
      onStdoutLine: (line) => out.push(line),
      onStderrLine: (line) => err.push(line),
    });
    assert.deepEqual(out, ["oé one", "", "three"]);
    assert.deepEqual(err, ["e1", "e2"]);
  });

  it("of one endless line is cut at 1 MiB and the next line is heard", async () => {
    const lengths: number[] = [];
    await execute({
      argv: sh("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo next"),
      onStdoutLine: (line) => lengths.push(line.length),
    });
    assert.deepEqual(lengths, [1024 * 1024, 4]);
  });

  it("on standard error is kept as its last 64 KiB", async () => {
    const { stderr } = await execute({ argv: sh("head -c 1000000 /dev/zero | tr '\\0' x >&2; echo end >&2") });
    assert.equal(stderr.length, 64 * 1024);
    assert.match(stderr, /xend\n$/);
  });

  it("whose listener throws ends the program with that error", async () => {
    let pid = 0;
    const own = createExecute({ env: process.env, graceSeconds: 0.3, onStart: (child) => (pid = child.pid) });
    const call = own({
      argv: sh("echo one; sleep 300"),
      onStdoutLine: () => {
        throw new Error("cannot read this");
      },
    });
    await assert.rejects(call, /cannot read this/);
    assert.equal(identityOf(pid), null);
  });
});

describe("a program that does not end in time", () => {
  it("is ended and fails with reason timeout and the tail of its output", async () => {
    const error = await failure(execute({ argv: sh("echo busy >&2; sleep 300"), timeoutSeconds: 0.3 }));
    assert.equal(error.reason, "timeout");
    assert.match(error.details.tail ?? "", /busy/);
  });

  it("takes the default limit when the call brings none", async () => {
    const own = createExecute({ env: process.env, defaultTimeoutSeconds: 0.1, graceSeconds: 0.3 });
    assert.equal((await failure(own({ argv: ["sleep", "300"] }))).reason, "timeout");
  });

  it("is given any limit that a number can hold", async () => {
    const result = await execute({ argv: ["sleep", "0.05"], timeoutSeconds: 1e12 });
    assert.equal(result.exitCode, 0);
  });

  it("is killed after the grace when it ignores SIGTERM, with all of its group", async (t) => {
    const file = join(temporaryDirectory(t), "pid");
    const script =
      'trap "" TERM; (trap "" TERM; echo $$ >/dev/null; sleep 300) & echo $! >"$1"; while :; do sleep 300; done';
    const call = failure(execute({ argv: sh(script, file), timeoutSeconds: 0.3 }));
    await eventually("the grandchild is there", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
    const grandchild = identityOf(Number(readFileSync(file, "utf8")));
    assert.ok(grandchild);
    assert.equal((await call).reason, "timeout");
    assert.equal(isAlive(grandchild), false);
  });
});

describe("the priority of a program", () => {
  it("is what is asked for, and the program still ends with pantheros", async () => {
    const own = createExecute({ env: process.env, priority: { nice: 9, ionice: "best-effort" } });
    const { stdout } = await own({ argv: sh("nice; ionice -p $$; cat /proc/$$/comm") });
    assert.match(stdout, /^9\nbest-effort: prio \d\nsh\n$/);
  });

  it("that cannot be set for lack of a program is tool_missing, and says what to install", async (t) => {
    const bin = temporaryDirectory(t);
    symlinkSync("/bin/true", join(bin, "true"));
    // The closed environment adds the system's directories: only a name that is nowhere is missing.
    for (const [priority, advice] of [
      [{ nice: 9 }, /coreutils, or take nice off the step/],
      [{ ionice: "idle" }, /util-linux, or take ionice off the step/],
    ] as const) {
      assert.throws(
        () => prepareLaunch({ argv: [join(bin, "true")] }, { env: {}, priority }, bin),
        (error: StepError) => error.reason === "tool_missing" && advice.test(error.details.advice ?? ""),
      );
    }
  });

  it("hides no failure to start", async (t) => {
    const own = createExecute({ env: process.env, priority: { nice: 9, ionice: "idle" } });
    const broken = join(temporaryDirectory(t), "broken");
    writeFileSync(broken, "#!/nowhere/interpreter\n", { mode: 0o755 });
    assert.equal((await failure(own({ argv: [broken] }))).reason, "tool_missing");
    const onlyNice = createExecute({ env: process.env, priority: { nice: 9 } });
    assert.equal((await failure(onlyNice({ argv: [broken] }))).reason, "tool_missing");
    assert.equal((await own({ argv: sh("exit 127") })).exitCode, 127);
  });
});

describe("cancellation", () => {
  it("ends the program and fails with reason cancelled", async () => {
    const controller = new AbortController();
    const own = createExecute({ env: process.env, signal: controller.signal, onStart: () => controller.abort() });
    assert.equal((await failure(own({ argv: ["sleep", "300"] }))).reason, "cancelled");
  });

  it("fails with the signal's own reason when that is a StepError", async () => {
    const controller = new AbortController();
    const why = new StepError("timeout", "the run's deadline has passed");
    const own = createExecute({ env: process.env, signal: controller.signal, onStart: () => controller.abort(why) });
    assert.equal(await failure(own({ argv: ["sleep", "300"] })), why);
  });

  it("before the start starts nothing", async () => {
    let started = false;
    const own = createExecute({ env: process.env, signal: AbortSignal.abort(), onStart: () => (started = true) });
    assert.equal((await failure(own({ argv: ["true"] }))).reason, "cancelled");
    assert.equal(started, false);
  });

  it("after the end changes nothing", async () => {
    const controller = new AbortController();
    const own = createExecute({ env: process.env, signal: controller.signal });
    const result = await own({ argv: ["true"] });
    controller.abort();
    assert.equal(result.exitCode, 0);
  });
});

describe("a grandchild that keeps the pipe open", () => {
  it("does not hold up the result of a child that is gone, nor is what the child printed lost", async (t) => {
    const file = join(temporaryDirectory(t), "pid");
    const result = await execute({ argv: sh('sleep 300 & echo $! >"$1"; echo done', file), timeoutSeconds: 60 });
    const grandchild = Number(readFileSync(file, "utf8"));
    t.after(() => process.kill(grandchild, "SIGKILL"));
    assert.deepEqual([result.exitCode, result.stdout], [0, "done\n"]);
  });
});

describe("a program that cannot be started", () => {
  it("that is not installed is tool_missing, with the package that brings it", async () => {
    const own = createExecute({ env: { PATH: "/nowhere" } });
    const unknown = await failure(own({ argv: ["no-such-program-of-ours"] }));
    assert.equal(unknown.reason, "tool_missing");
    assert.match(unknown.message, /no-such-program-of-ours is not installed/);
    const known = await failure(own({ argv: ["/nowhere/btrfs"] }));
    assert.equal(known.reason, "tool_missing");
    assert.equal(known.details.advice, "apt-get install btrfs-progs");
  });

  it("that is not executable, a directory or a script without its interpreter is tool_missing", async (t) => {
    const directory = temporaryDirectory(t);
    const plain = join(directory, "plain");
    writeFileSync(plain, "#!/bin/sh\n", { mode: 0o644 });
    const broken = join(directory, "broken");
    writeFileSync(broken, "#!/nowhere/interpreter\n");
    chmodSync(broken, 0o755);
    mkdirSync(join(directory, "folder"));
    for (const name of ["plain", "broken", "folder"]) {
      assert.equal((await failure(execute({ argv: [join(directory, name)] }))).reason, "tool_missing", name);
    }
  });

  it("in a directory that is not there is a matter of the configuration", async (t) => {
    const error = await failure(execute({ argv: ["true"], directory: join(temporaryDirectory(t), "gone") }));
    assert.equal(error.reason, "config");
    assert.match(error.message, /gone/);
  });

  it("with a NUL byte in an argument is refused", async () => {
    assert.equal((await failure(execute({ argv: ["true", "a\0b"] }))).reason, "config");
  });

  it("with more arguments than the kernel takes fails and says so", async () => {
    const error = await failure(execute({ argv: ["true", "x".repeat(4_000_000)] }));
    assert.equal(error.reason, "unknown");
    assert.match(error.details.advice ?? "", /hand it less/);
  });
});

it("an exit code of 127 of a program that did start stays an exit code", async () => {
  const result = await execute({ argv: sh("exit 127") });
  assert.equal(result.exitCode, 127);
});

it("many at once keep their outputs apart", async () => {
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => execute({ argv: sh('echo "$1"', `${n}`) })));
  assert.deepEqual(
    results.map((result) => result.stdout),
    results.map((_, n) => `${n}\n`),
  );
  await delay(0);
});

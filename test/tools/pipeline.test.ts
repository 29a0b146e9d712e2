import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";
import { createPipeline, type PipelineProgram } from "../../src/tools/exec.ts";
import { identityOf } from "../../src/tools/process/process.ts";
import { collect } from "../support/collect.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { failureOf } from "../support/failure.ts";

const pipeline = createPipeline({ env: process.env, graceSeconds: 0.3, defaultTimeoutSeconds: 60 });
const sh = (script: string, ...args: string[]): PipelineProgram => ({ argv: ["sh", "-c", script, "sh", ...args] });
const text = async (bytes: AsyncIterable<Buffer>) => Buffer.concat(await collect(bytes)).toString();

async function* chunks(count: number, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let n = 0; n < count; n += 1) yield Buffer.alloc(size, n % 251);
}

describe("programs in a pipeline", () => {
  it("read what the one before writes, and the last one's output is consumed", async () => {
    const { consumed, programs, durationSeconds } = await pipeline({
      programs: [sh("printf 'b\\na\\n'; echo one >&2"), sh("sort; echo two >&2"), sh("cat")],
      consume: text,
    });
    assert.equal(consumed, "a\nb\n");
    assert.deepEqual(
      programs.map(({ exitCode, stderr }) => [exitCode, stderr]),
      [
        [0, "one\n"],
        [0, "two\n"],
        [0, ""],
      ],
    );
    assert.ok(durationSeconds > 0);
  });

  it("lose and change no byte of many", async () => {
    const { consumed } = await pipeline({
      programs: [sh("head -c 100000000 /dev/zero"), sh("tr '\\0' x"), sh("cat")],
      consume: async (bytes) => {
        let count = 0;
        for await (const chunk of bytes) {
          count += chunk.length;
          assert.equal(chunk.indexOf("y"), -1);
        }
        return count;
      },
    });
    assert.equal(consumed, 100_000_000);
  });

  it("read what they are fed, and get its end", async () => {
    const { consumed } = await pipeline({ programs: [sh("cat"), sh("wc -c")], input: chunks(100), consume: text });
    assert.equal(consumed?.trim(), `${100 * 64 * 1024}`);
  });

  it("that nobody consumes keep the tail of their output", async () => {
    const { programs, consumed } = await pipeline({ programs: [sh("yes | head -c 1000000; echo end"), sh("cat")] });
    assert.equal(consumed, undefined);
    assert.equal(programs[1]?.stdout.length, 64 * 1024);
    assert.match(programs[1]?.stdout ?? "", /\nend\n$/);
  });

  it("lose nothing where the consumer begins to read long after they have ended", async () => {
    let pid = 0;
    const own = createPipeline({ env: process.env, onStart: (child) => (pid = child.pid) });
    const { consumed } = await own({
      programs: [sh("head -c 100000 /dev/zero")],
      consume: async (bytes) => {
        await eventually("it has ended", () => pid > 0 && identityOf(pid) === null);
        await new Promise((resolve) => setImmediate(resolve));
        return Buffer.concat(await collect(bytes)).length;
      },
    });
    assert.equal(consumed, 100_000);
  });

  it("wait while nobody reads: memory stays bounded and the first one is held up", async (t) => {
    const file = join(temporaryDirectory(t), "done");
    const { consumed } = await pipeline({
      programs: [sh('head -c 50000000 /dev/zero; echo done > "$1"', file), sh("cat")],
      consume: async (bytes) => {
        const first = bytes[Symbol.asyncIterator]();
        await first.next();
        assert.equal(existsSync(file), false, "50 MB fit in no pipe");
        return (await collect({ [Symbol.asyncIterator]: () => first })).length;
      },
    });
    assert.ok((consumed ?? 0) > 1);
    assert.equal(existsSync(file), true);
  });

  it("each get their own environment, and secrets only there", async () => {
    const { consumed } = await pipeline({
      programs: [
        { ...sh('echo "$A"'), environment: { A: new Secret("s3cret", "test") } },
        { ...sh('cat; echo "[$A]"'), environment: { B: "b" } },
      ],
      consume: text,
    });
    assert.equal(consumed, "s3cret\n[]\n");
  });

  it("have the priority that is asked for", async () => {
    const own = createPipeline({ env: process.env, priority: { nice: 7, ionice: "idle" } });
    const { consumed } = await own({ programs: [sh("nice; ionice -p $$"), sh("cat; nice")], consume: text });
    assert.equal(consumed, "7\nidle\n7\n");
  });

  it("are each announced with their own argv, in a group of their own, and their ends are told", async () => {
    const started = new Map<number, readonly string[]>();
    const ended: number[] = [];
    const own = createPipeline({
      env: process.env,
      mark: { variable: "MARK", value: "1" },
      onStart: ({ pid, argv }) => started.set(pid, argv),
      onEnd: (pid) => ended.push(pid),
    });
    const { consumed } = await own({
      programs: [sh("cat /proc/self/stat; echo $MARK"), sh("cat; cat /proc/self/stat")],
      consume: text,
    });
    const groups = [...(consumed ?? "").matchAll(/\) \S \d+ (\d+)/g)].map((match) => Number(match[1]));
    assert.deepEqual(groups, [...started.keys()]);
    assert.match(consumed ?? "", /\n1\n/);
    assert.deepEqual(ended, [...started.keys()]);
    assert.equal(started.values().next().value?.[0], "sh");
  });
});

describe("a pipeline in which one fails", () => {
  it("never shows a whole stream to who consumes it, though the others ended well", async () => {
    let seen = "";
    let whole = false;
    const error = await failureOf(
      pipeline({
        programs: [sh("echo half; echo why >&2; exit 3"), sh("cat")],
        consume: async (bytes) => {
          for await (const chunk of bytes) seen += chunk;
          whole = true;
        },
      }),
    );
    assert.deepEqual([seen, whole], ["half\n", false]);
    assert.equal(error.reason, "unknown");
    assert.match(error.message, /sh ended with 3: why/);
    assert.equal(error.details.exitCode, 3);
  });

  it("is told by the one that failed first, not by those that lost it", async () => {
    const because = (who: string) => () => new StepError("source", who);
    const lastDies = await failureOf(
      pipeline({
        programs: [
          { ...sh("yes"), failure: because("the writer") },
          { ...sh("head -c 100000 >/dev/null; exit 5"), failure: because("the reader") },
        ],
      }),
    );
    assert.equal(lastDies.message, "the reader");
    const firstDies = await failureOf(
      pipeline({
        programs: [
          { ...sh("exit 4"), failure: because("the writer") },
          { ...sh("cat; exit 5"), failure: because("the reader") },
        ],
      }),
    );
    assert.equal(firstDies.message, "the writer");
  });

  it("by a signal is killed", async () => {
    const error = await failureOf(pipeline({ programs: [sh("kill -KILL $$"), sh("cat")] }));
    assert.deepEqual([error.reason, error.details.signal], ["killed", "SIGKILL"]);
  });

  it("leaves none running, also who reads and writes nothing", async () => {
    const pids: number[] = [];
    const own = createPipeline({ env: process.env, graceSeconds: 0.3, onStart: ({ pid }) => pids.push(pid) });
    await failureOf(own({ programs: [sh("sleep 300"), sh("exit 1"), sh("cat")] }));
    assert.deepEqual([pids.length, pids.map(identityOf)], [3, [null, null, null]]);
  });

  it("because a program is not there starts nothing", async () => {
    let started = false;
    const own = createPipeline({ env: process.env, onStart: () => (started = true) });
    const missing = { argv: ["no-such-program-of-ours"] } as const;
    assert.equal((await failureOf(own({ programs: [sh("true"), missing] }))).reason, "tool_missing");
    assert.equal(started, false);
  });

  it("because the kernel will not start a script of it ends the others", async (t) => {
    const script = join(temporaryDirectory(t), "broken");
    writeFileSync(script, "#!/nowhere/interpreter\n", { mode: 0o755 });
    const pids: number[] = [];
    const own = createPipeline({ env: process.env, graceSeconds: 0.3, onStart: ({ pid }) => pids.push(pid) });
    const error = await failureOf(own({ programs: [sh("sleep 300"), { argv: [script] }] }));
    assert.equal(error.reason, "tool_missing");
    assert.deepEqual(pids.map(identityOf), [null, null]);
  });

  it("because it is given too many arguments ends the others", async () => {
    const pids: number[] = [];
    const own = createPipeline({ env: process.env, graceSeconds: 0.3, onStart: ({ pid }) => pids.push(pid) });
    const error = await failureOf(own({ programs: [sh("sleep 300"), sh("true", "x".repeat(4_000_000))] }));
    assert.match(error.details.advice ?? "", /hand it less/);
    assert.deepEqual(pids.map(identityOf), [null]);
  });
});

describe("who consumes a pipeline", () => {
  it("and fails ends the programs with that very failure", async () => {
    const pids: number[] = [];
    const own = createPipeline({ env: process.env, graceSeconds: 0.3, onStart: ({ pid }) => pids.push(pid) });
    const why = new StepError("network", "the upload failed");
    const call = own({
      programs: [sh("yes"), sh("cat")],
      consume: async (bytes) => {
        for await (const _ of bytes) throw why;
      },
    });
    assert.equal(await failureOf(call), why);
    assert.deepEqual(pids.map(identityOf), [null, null]);
  });

  it("and takes its time to fail is still told about, not the programs that lost it", async () => {
    const why = new StepError("network", "the upload failed");
    const call = pipeline({
      programs: [sh("yes"), { argv: ["cat"] }],
      consume: async (bytes) => {
        for await (const _ of bytes) break;
        await new Promise((resolve) => setTimeout(resolve, 300));
        throw why;
      },
    });
    assert.equal(await failureOf(call), why);
  });

  it("and reads nothing gets the failure of who cannot write, not an endless wait", async () => {
    const error = await failureOf(pipeline({ programs: [sh("yes"), sh("cat")], consume: async () => "done" }));
    assert.match(error.message, /^sh (?:ended|was ended)/);
  });

  it("has come to its end when the pipeline has failed", async () => {
    let cleaned = false;
    const call = pipeline({
      programs: [sh("echo half; exit 1")],
      consume: async (bytes) => {
        try {
          await collect(bytes);
        } finally {
          await new Promise((resolve) => setImmediate(resolve));
          cleaned = true;
        }
      },
    });
    await failureOf(call);
    assert.equal(cleaned, true);
  });
});

describe("who feeds a pipeline", () => {
  it("and fails ends the programs with that very failure", async () => {
    const why = new StepError("network", "the download failed");
    async function* broken() {
      yield Buffer.from("half");
      throw why;
    }
    assert.equal(await failureOf(pipeline({ programs: [sh("cat >/dev/null")], input: broken() })), why);
  });

  it("is told why when the program goes before the end, and is not read any further", async () => {
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1;
        yield Buffer.alloc(64 * 1024);
      }
    }
    const error = await failureOf(
      pipeline({ programs: [sh("head -c 1 >/dev/null; echo no >&2; exit 7")], input: endless() }),
    );
    assert.match(error.message, /ended with 7: no/);
    assert.ok(read < 1000);
  });

  it("is told when the program ends well without having read all", async () => {
    const error = await failureOf(pipeline({ programs: [sh("exec 0<&-; exit 0")], input: chunks(1000) }));
    assert.match(error.message, /without having read all of its input/);
  });
});

describe("a pipeline that is to stop", () => {
  it("after its time ends all of its programs", async () => {
    const pids: number[] = [];
    const own = createPipeline({ env: process.env, graceSeconds: 0.3, onStart: ({ pid }) => pids.push(pid) });
    const error = await failureOf(
      own({ programs: [sh("echo busy >&2; sleep 300"), sh('trap "" TERM; sleep 300')], timeoutSeconds: 0.3 }),
    );
    assert.equal(error.reason, "timeout");
    assert.match(error.message, /sh \| sh did not end within 0.3s/);
    assert.match(error.details.tail ?? "", /busy/);
    assert.deepEqual(pids.map(identityOf), [null, null]);
  });

  it("because it is cancelled ends all of its programs, and fails with the signal's own reason", async () => {
    const controller = new AbortController();
    const pids: number[] = [];
    const own = createPipeline({
      env: process.env,
      graceSeconds: 0.3,
      signal: controller.signal,
      onStart: ({ pid }) => pids.push(pid),
    });
    const why = new StepError("timeout", "the run's deadline has passed");
    const call = failureOf(
      own({ programs: [sh("yes"), sh("cat")], consume: async (bytes) => void (await collect(bytes)) }),
    );
    await eventually("both run", () => pids.length === 2);
    controller.abort(why);
    assert.equal(await call, why);
    assert.deepEqual(pids.map(identityOf), [null, null]);
  });

  it("before it began starts nothing", async () => {
    let started = false;
    const own = createPipeline({ env: process.env, signal: AbortSignal.abort(), onStart: () => (started = true) });
    assert.equal((await failureOf(own({ programs: [sh("true")] }))).reason, "cancelled");
    assert.equal(started, false);
  });

  it("because a listener of ours throws ends all of its programs", async () => {
    const pids: number[] = [];
    const own = createPipeline({ env: process.env, graceSeconds: 0.3, onStart: ({ pid }) => pids.push(pid) });
    const call = own({
      programs: [
        sh("sleep 300"),
        {
          ...sh("echo line >&2; sleep 300"),
          onStderrLine: () => {
            throw new Error("cannot read this");
          },
        },
      ],
    });
    await assert.rejects(call, /cannot read this/);
    assert.deepEqual(pids.map(identityOf), [null, null]);
  });

  it("with pantheros: the kernel ends each of its programs", async (t) => {
    const directory = temporaryDirectory(t);
    const script = `
      import { createPipeline } from ${JSON.stringify(new URL("../../src/tools/exec.ts", import.meta.url).href)};
      const sh = (file) => ({ argv: ["sh", "-c", 'echo $$ > "$1"; exec sleep 300', "sh", file] });
      await createPipeline({ env: process.env })({ programs: [sh(process.argv[1]), sh(process.argv[2])] });`;
    const files = [join(directory, "one"), join(directory, "two")];
    const { spawn } = await import("node:child_process");
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, ...files], { stdio: "ignore" });
    t.after(() => child.kill("SIGKILL"));
    const pid = (file: string) => (existsSync(file) ? Number(readFileSync(file, "utf8")) : 0);
    await eventually("both run", () => files.every((file) => pid(file) > 0 && identityOf(pid(file)) !== null));
    child.kill("SIGKILL");
    await eventually("both are gone", () => files.every((file) => identityOf(pid(file)) === null));
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Measurable, measureSome } from "../../src/collectors/snapshot-sizes/measured.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import type { Sample } from "../../src/model/samples/sample.ts";
import type { ToolCall, ToolResult } from "../../src/tools/exec.ts";
import { notesInMemory } from "../support/notes.ts";

const start = 1_795_251_600;
const hour = 3600;
const home = (count: number): Measurable => ({
  subvol: "home",
  snapshots: Array.from({ length: count }, (_, index) => ({ uuid: `uuid-${index}`, path: `/s/${index}` })),
});
const answer = (call: ToolCall, more: Partial<ToolResult> = {}): ToolResult => {
  const stdout = `     Total   Exclusive  Set shared  Filename\n      100          10           0  ${call.argv.at(-1)}\n`;
  return { argv: call.argv, exitCode: 0, signal: null, stdout, stderr: "", durationSeconds: 0, ...more };
};

/** A host on which each snapshot holds ten bytes alone, unless `behave` says otherwise. */
function stage(behave: (path: string, call: ToolCall) => Partial<ToolResult> | Error = () => ({})) {
  const asked: string[] = [];
  const controller = new AbortController();
  const notes = notesInMemory();
  const look = (wanted: readonly Measurable[], now: number) =>
    measureSome(wanted, {
      ...notes,
      now,
      signal: controller.signal,
      async execute(call) {
        const path = call.argv.at(-1) ?? "";
        asked.push(path);
        const behaviour = behave(path, call);
        if (behaviour instanceof Error) throw behaviour;
        return answer(call, behaviour);
      },
    });
  return { asked, controller, look };
}
const numberOf = (samples: readonly Sample[], metric: Sample["metric"]) => {
  const found = samples.find((sample) => sample.metric === metric);
  return found && (found.value ?? found.since);
};

describe("measuring snapshots", () => {
  it("tells the sum once all are measured, with the age of the oldest", async () => {
    const { look, asked } = stage();
    const { samples, problems } = await look([home(3)], start);
    assert.deepEqual(
      [numberOf(samples, "snapshotSize"), numberOf(samples, "snapshotSizeMeasured"), problems],
      [30, 1, []],
    );
    assert.equal(numberOf(samples, "snapshotSizeAge"), start);
    const later = await look([home(3)], start + 600);
    assert.deepEqual(
      [numberOf(later.samples, "snapshotSize"), numberOf(later.samples, "snapshotSizeAge")],
      [30, start],
    );
    assert.equal(asked.length, 3);
  });

  it("does no more than a round's worth in an hour, and goes on where it ended", async () => {
    const { look, asked } = stage();
    const first = await look([home(600)], start);
    assert.deepEqual(
      [numberOf(first.samples, "snapshotSize"), numberOf(first.samples, "snapshotSizeMeasured")],
      [undefined, 500 / 600],
    );
    await look([home(600)], start + 600);
    assert.equal(asked.length, 500);
    const second = await look([home(600)], start + hour);
    assert.deepEqual([numberOf(second.samples, "snapshotSize"), asked.length], [6000, 600]);
    assert.equal(new Set(asked).size, 600);
  });

  it("measures again after a day, and forgets what is gone", async () => {
    const { look, asked } = stage();
    await look([home(3)], start);
    asked.length = 0;
    const { samples } = await look([home(2)], start + 25 * hour);
    assert.deepEqual([asked, numberOf(samples, "snapshotSize")], [["/s/0", "/s/1"], 20]);
    assert.equal(numberOf(samples, "snapshotSizeAge"), start + 25 * hour);
  });

  it("comes last: for processor and disk alike", async () => {
    const calls: (readonly string[])[] = [];
    const { look } = stage((_, { argv, timeoutSeconds }) => {
      calls.push([...argv, `${timeoutSeconds}`]);
      return {};
    });
    await look([home(1)], start);
    assert.deepEqual(calls[0]?.slice(0, 7), ["nice", "-n", "19", "ionice", "-t", "-c", "3"]);
    assert.equal(calls[0]?.at(-1), "60");
  });

  it("that fails for one leaves the sum unknown, with the reason, and does not try it again at once", async () => {
    const { look, asked } = stage((path) => (path === "/s/1" ? new StepError("timeout", "/s/1 took too long") : {}));
    for (const at of [start, start + hour]) {
      const { samples, problems } = await look([home(3)], at);
      assert.deepEqual([numberOf(samples, "snapshotSize"), problems], [undefined, ["home: /s/1 took too long"]]);
      assert.equal(numberOf(samples, "snapshotSizeMeasured"), 2 / 3);
    }
    assert.deepEqual(asked, ["/s/0", "/s/1", "/s/2"]);
  });

  it("that says rubbish or is refused is unknown, never 0", async () => {
    const rubbish = await stage(() => ({ stdout: "" })).look([home(1)], start);
    assert.deepEqual([numberOf(rubbish.samples, "snapshotSize"), rubbish.problems.length], [undefined, 1]);
    const refusing = stage(() => ({ exitCode: 1, stderr: "ERROR: cannot check space: Permission denied\n" }));
    const refused = await refusing.look([home(9)], start);
    assert.deepEqual([numberOf(refused.samples, "snapshotSize"), refused.problems.length], [undefined, 1]);
    assert.equal(refusing.asked.length, 1);
  });

  it("that is cut off keeps what it has measured", async () => {
    const { look, asked, controller } = stage((path) => {
      if (path !== "/s/2") return {};
      controller.abort();
      return new StepError("cancelled", "the look took too long");
    });
    await assert.rejects(look([home(3)], start), { reason: "cancelled" });
    const { samples } = await look([home(3)], start + 600);
    assert.equal(numberOf(samples, "snapshotSizeMeasured"), 2 / 3);
    assert.equal(asked.length, 3);
  });

  it("refuses to remember too many", async () => {
    const { look, asked } = stage();
    const { samples, problems } = await look([home(10_001)], start);
    assert.deepEqual([samples, asked, problems.length], [[], [], 1]);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { createReport, type ReportOptions } from "./report.ts";

function report(options: Partial<ReportOptions> = {}) {
  let text = "";
  const { take, close } = createReport({
    write: (more) => {
      text += more;
    },
    requireAll: false,
    colours: false,
    where: (file) => file,
    ...options,
  });
  // The runner's events carry far more than the report reads.
  const send = (type: string, data: object) =>
    take({ type, data: { file: "a.test.ts", nesting: 0, ...data } } as TestEvent);
  return {
    suite: (name: string) => send("test:start", { name }),
    pass: (name: string, more: object = {}) => send("test:pass", { name, details: { type: "test" }, ...more }),
    fail: (name: string, failureType: string, cause: unknown, more: object = {}) =>
      send("test:fail", { name, details: { type: "test", error: { failureType, cause } }, ...more }),
    write: (message: string) => send("test:stderr", { message }),
    end: () => ({ succeeded: close(), text }),
  };
}

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1);

describe("the report of the tests", () => {
  it("ends with the plain count, and succeeds when nothing failed", () => {
    const run = report();
    run.pass("one");
    run.pass("two");
    const { succeeded, text } = run.end();
    assert.equal(lastLine(text), "2 passed, 0 failed, 0 skipped");
    assert.equal(succeeded, true);
  });

  it("does not count a suite, neither when it passes nor when something in it failed", () => {
    const run = report();
    run.suite("suite");
    run.fail("inner", "testCodeFailure", new Error("boom"), { nesting: 1 });
    run.fail("suite", "subtestsFailed", "1 subtest failed", {
      details: { type: "suite", error: { failureType: "subtestsFailed" } },
    });
    run.pass("other suite", { details: { type: "suite" } });
    const { succeeded, text } = run.end();
    assert.equal(lastLine(text), "0 passed, 1 failed, 0 skipped");
    assert.match(text, /suite › inner\n {2}Error: boom\n/);
    assert.equal(succeeded, false);
  });

  it("counts a hook that fails, and what was cancelled by it without repeating the reason", () => {
    const run = report();
    run.suite("suite");
    run.fail("inner", "cancelledByParent", "test did not finish", { nesting: 1 });
    run.fail("suite", "hookFailed", new Error("no stage"), {
      details: { type: "suite", error: { failureType: "hookFailed", cause: new Error("no stage") } },
    });
    const { succeeded, text } = run.end();
    assert.equal(lastLine(text), "0 passed, 2 failed, 0 skipped");
    assert.match(text, /1 more were cancelled/);
    assert.doesNotMatch(text, /did not finish/);
    assert.equal(succeeded, false);
  });

  it("says what was skipped and why; where nothing may be skipped, that is a failure", () => {
    for (const requireAll of [false, true]) {
      const run = report({ requireAll });
      run.pass("on Btrfs", { skip: "missing here: root" });
      const { succeeded, text } = run.end();
      assert.match(text, /a\.test\.ts {2}on Btrfs: missing here: root/);
      assert.equal(lastLine(text), "0 passed, 0 failed, 1 skipped");
      assert.equal(succeeded, !requireAll);
    }
  });

  it("shows the end of what a failed file wrote, and the cause of an error", () => {
    const run = report();
    run.write("the server would not start\n");
    run.fail("serves", "testCodeFailure", new Error("no answer", { cause: new Error("refused") }));
    const { text } = run.end();
    assert.match(text, /what it wrote:\n {2}the server would not start/);
    assert.match(text, /caused by: Error: refused/);
  });
});

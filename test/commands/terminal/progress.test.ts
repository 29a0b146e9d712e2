import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync } from "node:fs";
import { suite, type TestContext, test } from "node:test";
import { createProgress } from "../../../src/commands/terminal/progress.ts";
import { createRate } from "../../../src/commands/terminal/rate.ts";

/** A terminal as a person sees it: just enough of its language to know what is on the screen. */
function createScreen(columns: number) {
  const rows: string[] = [""];
  let row = 0;
  let column = 0;
  let writes = 0;
  let onResize: (() => void) | null = null;
  function put(character: string) {
    if (column >= screen.columns) newLine();
    rows[row] =
      `${(rows[row] ?? "").slice(0, column).padEnd(column)}${character}${(rows[row] ?? "").slice(column + 1)}`;
    column += 1;
  }
  function newLine() {
    row += 1;
    column = 0;
    rows[row] ??= "";
  }
  const screen = {
    isTTY: true,
    columns,
    write(text: string) {
      writes += 1;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the language of terminals
      for (const [part, count, command] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|[^\u001b]/g)) {
        if (command === "A") row -= Number(count);
        else if (command === "J") rows.splice(row, rows.length, (rows[row] ?? "").slice(0, column));
        else if (part === "\r") column = 0;
        else if (part === "\n") newLine();
        else if (command === undefined) put(part);
      }
    },
    on: (_event: string, listener: () => void) => {
      onResize = listener;
    },
    off: () => {
      onResize = null;
    },
    lines: () => rows.map((text) => text.trimEnd()).filter((text, index) => text !== "" || index < rows.length - 1),
    writes: () => writes,
    /** What is on the screen wraps again, as most terminals do it. */
    narrow(to: number) {
      const wrapped = rows.flatMap((text) => text.trimEnd().match(new RegExp(`.{1,${to}}`, "g")) ?? [""]);
      rows.splice(0, rows.length, ...wrapped);
      row = rows.length - 1;
      column = Math.min(rows[row]?.length ?? 0, to);
      screen.columns = to;
      onResize?.();
    },
  };
  return screen;
}

function live(t: TestContext, columns = 100) {
  t.mock.timers.enable({ apis: ["setInterval", "Date"], now: 0 });
  const screen = createScreen(columns);
  const progress = createProgress(screen, { LANG: "C.UTF-8", NO_COLOR: "1" }, Date.now);
  t.after(() => progress.close());
  return { screen, progress, pass: (milliseconds: number) => t.mock.timers.tick(milliseconds) };
}

suite("progress on a terminal", () => {
  test("given bytes and a ratio, then one line shows bar, amount, speed and what is left", (t) => {
    const { screen, progress, pass } = live(t);
    progress.start("copy");
    for (let second = 0; second <= 10; second += 1) {
      progress.update({ bytesDone: second * 1024, bytesTotal: 20 * 1024, ratio: second / 20, filesDone: second });
      pass(1000);
    }
    assert.equal(screen.lines().length, 1);
    assert.match(
      screen.lines()[0] ?? "",
      /^. copy {2}█{10}░{10} {2}50% {2}10\.0 KiB of 20\.0 KiB {2}10 files {2}1\.0 KiB\/s {2}10s left {2}11s$/,
    );
  });

  test("it is drawn at most ten times a second, however often a tool reports", (t) => {
    const { screen, progress, pass } = live(t);
    progress.start("copy");
    const before = screen.writes();
    for (let update = 0; update < 5000; update += 1) progress.update({ bytesDone: update });
    pass(1000);
    assert.ok(screen.writes() - before <= 10, `${screen.writes() - before}`);
  });

  test("a note is printed above and stays", (t) => {
    const { screen, progress } = live(t);
    progress.start("copy");
    progress.note("a warning\nof two lines");
    assert.deepEqual(screen.lines().slice(0, 2), ["a warning", "of two lines"]);
    assert.match(screen.lines()[2] ?? "", /copy/);
  });

  test("done leaves one line with the outcome, close leaves none", (t) => {
    const { screen, progress, pass } = live(t);
    progress.start("snap");
    pass(1500);
    progress.done("success", "/snapshots/1");
    progress.start("copy");
    progress.done("failed", "no space\nleft");
    progress.start("forget");
    progress.close();
    assert.deepEqual(screen.lines(), ["✓ snap  /snapshots/1  1.5s", "✗ copy  no space left  0s"]);
  });

  test("a terminal that becomes narrower keeps one line, and nothing of the old one", (t) => {
    const { screen, progress, pass } = live(t, 80);
    progress.note("before");
    progress.start("copy  backup.rclone");
    progress.update({ ratio: 0.5, bytesDone: 1, bytesTotal: 2, note: "x".repeat(60) });
    pass(100);
    screen.narrow(30);
    pass(1000);
    assert.equal(screen.lines().length, 2, JSON.stringify(screen.lines()));
    assert.equal(screen.lines()[0], "before");
    assert.ok((screen.lines()[1] ?? "").length < 30);
  });

  test("what a tool says cannot move the cursor", (t) => {
    const { screen, progress, pass } = live(t);
    progress.start("copy\u001b[2J");
    progress.update({ note: "a\nb\u001b[H" });
    pass(100);
    assert.equal(screen.lines().length, 1);
    assert.match(screen.lines()[0] ?? "", /copy\\x1b\[2J.*a\\nb\\x1b\[H/);
  });

  test("where the locale is not UTF-8 everything is ASCII", (t) => {
    t.mock.timers.enable({ apis: ["setInterval", "Date"], now: 0 });
    const screen = createScreen(100);
    const progress = createProgress(screen, { LANG: "C", NO_COLOR: "1" }, Date.now);
    progress.start("copy");
    progress.update({ ratio: 0.25 });
    t.mock.timers.tick(100);
    assert.match(screen.lines()[0] ?? "", /^[|/\\-] copy {2}#{5}-{15} {2}25%/);
    progress.done("success", "");
    assert.deepEqual(screen.lines(), ["ok copy  0.1s"]);
  });
});

suite("progress in a log", () => {
  function log(env: Record<string, string>, fd?: number) {
    let text = "";
    let time = 0;
    const stream = { write: (part: string) => (text += part), ...(fd === undefined ? {} : { fd }) };
    const progress = createProgress(stream, env, () => time);
    return {
      progress,
      lines: () => text.trimEnd().split("\n"),
      pass: (milliseconds: number) => (time += milliseconds),
    };
  }

  test("a line per event, without colours or priorities", () => {
    const { progress, lines, pass } = log({});
    progress.start("copy");
    pass(2000);
    progress.update({ ratio: 0.5 });
    progress.note("a\nb");
    progress.done("partial", "2 files");
    assert.deepEqual(lines(), ["copy: started", "a", "b", "copy: partial, 2 files (2s)"]);
  });

  test("a long step shows a sign of life every minute", () => {
    const { progress, lines, pass } = log({});
    progress.start("copy");
    for (let second = 0; second < 150; second += 1) {
      pass(1000);
      progress.update({ bytesDone: second * 1024, bytesTotal: 300 * 1024 });
    }
    assert.deepEqual(lines().slice(1), [
      "copy: 59.0 KiB of 300 KiB, 1.0 KiB/s, 4m 1s left",
      "copy: 119 KiB of 300 KiB, 1.0 KiB/s, 3m 1s left",
    ]);
  });

  test("the journal gets priorities, on every line", () => {
    const { progress, lines } = log({ JOURNAL_STREAM: "8:1" });
    progress.note("a\nb");
    progress.start("copy");
    progress.done("failed", "no\nspace");
    progress.start("check");
    progress.done("skipped", "");
    assert.deepEqual(lines(), [
      "<6>a",
      "<6>b",
      "<6>copy: started",
      "<3>copy: FAILED, no space (0s)",
      "<6>check: started",
      "<4>check: skipped (0s)",
    ]);
  });

  test("a service whose output goes elsewhere gets none: JOURNAL_STREAM is inherited", (t) => {
    const fd = openSync("/dev/null", "r");
    t.after(() => closeSync(fd));
    const { dev, ino } = fstatSync(fd, { bigint: true });
    for (const [JOURNAL_STREAM, expected] of [
      [`${dev}:${ino}`, "<6>a"],
      ["8:1", "a"],
    ] as const) {
      const { progress, lines } = log({ JOURNAL_STREAM }, fd);
      progress.note("a");
      assert.deepEqual(lines(), [expected]);
    }
  });
});

suite("the speed", () => {
  test("is unknown at first, follows slowly, and begins anew with a retry", () => {
    const rate = createRate();
    rate.add(0, 0);
    assert.equal(rate.perSecond(), null);
    rate.add(100, 1000);
    assert.equal(rate.perSecond(), 100);
    rate.add(1100, 2000);
    const jump = rate.perSecond() ?? 0;
    assert.ok(jump > 100 && jump < 250, `${jump}`);
    rate.add(0, 3000);
    assert.equal(rate.perSecond(), null);
  });
});

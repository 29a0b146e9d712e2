import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { canAsk, createAsker } from "../../../src/commands/terminal/asker.ts";

/** A terminal whose modes and output can be looked at. */
function fakeTerminal() {
  const modes: boolean[] = [];
  let shown = "";
  const stop = new AbortController();
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (raw: boolean) => void modes.push(raw),
  });
  const streams = {
    stdin,
    stderr: {
      isTTY: true,
      write(text: string) {
        shown += text;
      },
    },
    signal: stop.signal,
  };
  return { ...streams, modes, shown: () => shown, stop, interrupt: () => stop.abort(new Error("asked to stop")) };
}

describe("asking on a terminal", () => {
  it("shows nothing of a hidden line, and everything of another", async () => {
    const terminal = fakeTerminal();
    const asker = createAsker(terminal, terminal.interrupt);
    const hidden = asker.hidden("secret: ");
    terminal.stdin.write(Buffer.from("grö"));
    terminal.stdin.write(Buffer.from([0xc3]));
    terminal.stdin.write(Buffer.from([0x9f, 0x0d]));
    assert.equal(await hidden, "größ");
    const line = asker.line("name: ");
    terminal.stdin.write("  zephyrus \r");
    assert.equal(await line, "zephyrus");
    asker.close();
    assert.equal(terminal.shown(), "secret: \nname:   zephyrus \n");
    assert.deepEqual(terminal.modes, [true, false]);
  });

  it("does not lose what is typed before it asks", async () => {
    const terminal = fakeTerminal();
    const asker = createAsker(terminal, terminal.interrupt);
    terminal.stdin.write("one\rtwo\r");
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await asker.hidden("? "), "one");
    assert.equal(await asker.hidden("? "), "two");
    asker.close();
  });

  for (const [answer, fallback, meaning] of [
    ["\r", true, true],
    ["\r", false, false],
    ["y\r", false, true],
    ["No\r", true, false],
    ["what?\ryes\r", false, true],
  ] as const) {
    it(`takes ${JSON.stringify(answer)} for ${meaning ? "yes" : "no"}, Enter being ${fallback ? "yes" : "no"}`, async () => {
      const terminal = fakeTerminal();
      const asker = createAsker(terminal, terminal.interrupt);
      terminal.stdin.write(answer);
      assert.equal(await asker.confirm("really?", fallback), meaning);
      asker.close();
    });
  }

  for (const [what, end] of [
    ["Ctrl-C", (terminal: ReturnType<typeof fakeTerminal>) => terminal.stdin.write("half\u0003")],
    ["SIGTERM", (terminal: ReturnType<typeof fakeTerminal>) => terminal.interrupt()],
    ["the end of the terminal", (terminal: ReturnType<typeof fakeTerminal>) => terminal.stdin.end()],
  ] as const) {
    it(`is ended by ${what}`, async () => {
      const terminal = fakeTerminal();
      const asker = createAsker(terminal, terminal.interrupt);
      const asked = asker.hidden("secret: ");
      end(terminal);
      await assert.rejects(asked, /asked to stop/);
      await assert.rejects(asker.hidden("again: "), /asked to stop/);
      asker.close();
      assert.deepEqual(terminal.modes, [true, false]);
      assert.doesNotMatch(terminal.shown(), /half/);
    });
  }

  it("needs a terminal on both sides", () => {
    const terminal = fakeTerminal();
    assert.equal(canAsk(terminal), true);
    assert.equal(canAsk({ ...terminal, stdin: new PassThrough() }), false);
    assert.equal(canAsk({ ...terminal, stderr: { write: () => undefined } }), false);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandHelp, overview } from "../../src/commands/help.ts";
import { commands } from "../../src/commands/index.ts";

describe("help", () => {
  for (const [name, { load }] of Object.entries(commands)) {
    it(`of ${name} fits a terminal of 80 columns, but for what is there to be copied, and loses no word`, async () => {
      const command = await load();
      const narrow = commandHelp(command, 80);
      const words = (text: string) => text.split(/\s+/).join(" ");
      assert.equal(words(narrow), words(commandHelp(command)));
      const copied = command.examples.map(([line]) => line);
      for (const line of narrow.split("\n"))
        assert.ok(line.length <= 80 || copied.includes(line.trim()) || /^\s+\S*$/.test(line), line);
    });
  }

  it("of all commands fits too", () => {
    for (const line of overview(80).split("\n")) assert.ok(line.length <= 90, line);
  });

  it("is left as it is written where the terminal is wide, or there is none", async () => {
    const command = await commands["retention"]?.load();
    assert.ok(command);
    assert.equal(commandHelp(command, 400), commandHelp(command));
    assert.ok(commandHelp(command).includes(command.description.trim()));
  });
});

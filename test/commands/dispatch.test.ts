import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { commands } from "../../src/commands/index.ts";
import { exitCodes } from "../../src/model/run/exit-codes.ts";
import { version } from "../../src/model/version.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

describe("the command line", () => {
  it("shows what there is, and that nothing was asked, when it is called without a word", async () => {
    const { code, stdout } = await invoke([]);
    assert.equal(code, exitCodes.usage[0]);
    for (const name of Object.keys(commands)) assert.match(stdout, new RegExp(`^  ${name} `, "m"));
    for (const [number] of Object.values(exitCodes)) assert.match(stdout, new RegExp(`^  ${number} `, "m"));
  });

  it("says its version", async () => {
    assert.deepEqual(await invoke(["--version"]), { code: 0, stdout: `${version}\n`, stderr: "" });
  });

  for (const name of Object.keys(commands)) {
    it(`explains ${name}: how to call it, what it is for, every option`, async () => {
      const command = await commands[name]?.load();
      assert.ok(command);
      const { code, stdout } = await invoke([name, "--help"]);
      assert.equal(code, 0);
      assert.equal(command.name, name);
      assert.match(stdout, new RegExp(`^Usage: pantheros ${name}`));
      assert.ok(command.description.trim().length > 80, "a description of more than a few words");
      assert.ok(command.examples.length > 0, "an example");
      for (const option of [...Object.keys(command.options), "config", "json", "help"])
        assert.match(stdout, new RegExp(`--${option}\\b`));
      assert.deepEqual(await invoke(["help", name]), { code, stdout, stderr: "" });
    });
  }

  for (const [words, sentence] of [
    [["rnu"], /there is no command "rnu": did you mean "run"\?/],
    [["run"], /JOB is missing/],
    [["status", "a", "b"], /"b" is one argument too many/],
    [["run", "x", "--dryrun"], /there is no option --dryrun: did you mean --dry-run\?/],
    [["runs", "--limit"], /limit/],
    [["status"], /there is no configuration: looked for .*pantheros\.yaml\n.*pantheros init/],
  ] as const) {
    it(`answers "pantheros ${words.join(" ")}" with exit code 2 and what to do`, async () => {
      const { code, stdout, stderr } = await invoke(words);
      assert.equal(code, exitCodes.usage[0]);
      assert.equal(stdout, "");
      assert.match(stderr, sentence);
    });
  }

  it("takes the configuration of --config before $PANTHEROS_CONFIG before ./pantheros.yaml", async (t) => {
    const directory = temporaryDirectory(t);
    const named = (name: string) => {
      const file = join(directory, name);
      writeFileSync(file, "host: testhost\n");
      return file;
    };
    const [option, variable, here] = [named("option.yaml"), named("variable.yaml"), named("pantheros.yaml")];
    const used = async (words: string[], environment = {}) =>
      (await invoke(["config", "check", ...words], { directory, environment })).stdout.split(":")[0];
    assert.equal(await used([]), here);
    assert.equal(await used([], { PANTHEROS_CONFIG: "variable.yaml" }), variable);
    assert.equal(await used(["-c", "option.yaml"], { PANTHEROS_CONFIG: "variable.yaml" }), option);
  });

  it("shows every problem of a configuration at once, whichever command reads it", async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(
      join(directory, "pantheros.yaml"),
      "hots: x\njobs:\n  a: { steps: [ { uses: comand, argv: [x] } ] }\n",
    );
    for (const words of [["config", "check"], ["status"], ["collect"]]) {
      const { code, stdout, stderr } = await invoke(words, { directory });
      assert.equal(code, exitCodes.usage[0], words.join(" "));
      const text = stdout + stderr;
      assert.match(text, /pantheros\.yaml:1:1.*hots/);
      assert.match(text, /did you mean "host"\?/);
      assert.match(text, /pantheros\.yaml:3:\d+.*comand/);
    }
  });
});

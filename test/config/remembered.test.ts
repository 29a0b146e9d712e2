import assert from "node:assert/strict";
import {
  chmodSync,
  globSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { isPrivate } from "../../src/commands/cache.ts";
import { usesOf } from "../../src/config/declaration.ts";
import { checkConfig, type LoadedConfig, readConfig } from "../../src/config/load.ts";
import { type ConfigMemory, recallConfig, rememberConfig } from "../../src/config/remembered.ts";
import { loadRunners, runnerNames } from "../../src/runners/index.ts";
import { temporaryDirectory } from "../support/directory.ts";

const examples = join(import.meta.dirname, "../../examples");
const file = "/etc/pantheros/pantheros.yaml";
const text = "host: there\njobs: { greet: { steps: [{ uses: command, argv: [/bin/true] }] } }\n";

const memoryOf = (t: TestContext): ConfigMemory => ({
  folder: join(temporaryDirectory(t), "cache"),
  isPrivate,
  checkedBy: "build 1",
});
const checked = async (name: string, written: string): Promise<LoadedConfig> => {
  const source = readConfig(name, written);
  return checkConfig(source, { runners: await loadRunners(usesOf(source.source.value)), runnerNames });
};
/** Where the one configuration of a memory lies. */
const placeIn = ({ folder }: ConfigMemory) => join(folder, readdirSync(folder)[0] ?? "");

describe("a configuration that has been checked", () => {
  for (const example of globSync("*/*.yaml", { cwd: examples, exclude: ["ci/**"] }))
    it(`comes back as it was: ${example}`, async (t) => {
      const memory = memoryOf(t);
      const written = readFileSync(join(examples, example), "utf8");
      const loaded = await checked(example, written);
      rememberConfig(memory, written, loaded);
      assert.deepEqual(recallConfig(memory, example, written), loaded);
    });

  it("does not come back for another text, another file, or another program", async (t) => {
    const memory = memoryOf(t);
    rememberConfig(memory, text, await checked(file, text));
    assert.notEqual(recallConfig(memory, file, text), null);
    assert.equal(recallConfig(memory, file, `${text}# changed\n`), null);
    assert.equal(recallConfig({ ...memory, checkedBy: "build 2" }, file, text), null);
    const [place] = readdirSync(memory.folder);
    const sharing = Array.from({ length: 200 }, (_, n) => `${file}.${n}`).find((other) => {
      const further = memoryOf(t);
      rememberConfig(further, text, { file: other, config: {}, steps: new Map() } as never);
      return readdirSync(further.folder)[0] === place;
    });
    assert.ok(sharing, "of 200 files one shares the place");
    assert.equal(recallConfig(memory, sharing, text), null);
  });

  it("is checked again when what was remembered is not there, is half there, or is something else", async (t) => {
    const memory = memoryOf(t);
    assert.equal(recallConfig(memory, file, text), null);
    rememberConfig(memory, text, await checked(file, text));
    const whole = readFileSync(placeIn(memory), "utf8");
    for (const remains of ["", whole.slice(0, -1), "null", "[]", "\0".repeat(100), "{}"]) {
      writeFileSync(placeIn(memory), remains);
      assert.equal(recallConfig(memory, file, text), null, JSON.stringify(remains.slice(0, 20)));
    }
  });

  it("is not remembered where it would come back as something else", async (t) => {
    const memory = memoryOf(t);
    const loaded = await checked(file, text);
    for (const unsayable of [Number.NaN, new Date(0), undefined, new Map([[1, 2]])])
      rememberConfig(memory, text, { ...loaded, config: { ...loaded.config, unsayable } as never });
    assert.equal(recallConfig(memory, file, text), null);
  });

  it("is kept where only its owner reads and writes it, and takes little room however many there are", async (t) => {
    const memory = memoryOf(t);
    for (let n = 0; n < 100; n += 1) rememberConfig(memory, text, await checked(`${file}.${n}`, text));
    assert.equal(statSync(memory.folder).mode & 0o777, 0o700);
    const files = readdirSync(memory.folder);
    assert.ok(files.length <= 16, String(files.length));
    for (const name of files) assert.equal(statSync(join(memory.folder, name)).mode & 0o777, 0o600);
  });

  it("is checked again where somebody else could have written it", async (t) => {
    const memory = memoryOf(t);
    const loaded = await checked(file, text);
    rememberConfig(memory, text, loaded);
    const place = placeIn(memory);
    for (const [path, open, closed] of [
      [memory.folder, 0o777, 0o700],
      [place, 0o666, 0o600],
      [place, 0o620, 0o600],
    ] as const) {
      chmodSync(path, open);
      assert.equal(recallConfig(memory, file, text), null);
      chmodSync(path, closed);
      assert.deepEqual(recallConfig(memory, file, text), loaded);
    }
    renameSync(place, `${place}.real`);
    symlinkSync(`${place}.real`, place);
    assert.equal(recallConfig(memory, file, text), null);
  });

  it("is not remembered with a password in an address: its correction would not correct what is remembered", async (t) => {
    const memory = memoryOf(t);
    const secret = `${text}repositories: { hub: { repository: "rest:https://bob:hunter22@example.org/x" } }\n`;
    rememberConfig(memory, secret, await checked(file, secret));
    assert.equal(recallConfig(memory, file, secret), null);
  });

  it("needs no memory: where nothing can be written, it is checked every time", async (t) => {
    const folder = join(temporaryDirectory(t), "cache");
    writeFileSync(folder, "a file, where the folder should be");
    const memory = { folder, isPrivate, checkedBy: "build 1" };
    rememberConfig(memory, text, await checked(file, text));
    assert.equal(recallConfig(memory, file, text), null);
  });
});

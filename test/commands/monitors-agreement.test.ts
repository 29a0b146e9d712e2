import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { startInTerminal } from "../support/terminal.ts";

const main = resolve(import.meta.dirname, "../../src/main.ts");

async function desk(t: TestContext) {
  const fake = await startFakeDatadog(t);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  writeFileSync(config, `host: h1\nprovisioning: { stacks: { hosts: {} }, datadog: { url: "${fake.url}" } }\n`);
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
  const monitors = (words: string) =>
    startInTerminal(t, [process.execPath, main, "monitors", ...words.split(" "), "--config", config], environment);
  return { fake, directory, monitors };
}

const isWrite = ({ method, path }: { method: string; path: string }) => method !== "GET" && !path.endsWith("validate");

describe("pantheros monitors sync on a terminal", () => {
  it("shows what it would do, and does it once it is told to", async (t) => {
    const { fake, monitors } = await desk(t);
    const terminal = monitors("sync --only disk-usage");
    await terminal.waitFor(/\+ monitor disk-usage/);
    await terminal.waitFor(/Write 1 monitor to http.*\? \[y\/N\]/);
    assert.equal(fake.seen.filter(isWrite).length, 0, "not before");
    terminal.type("y\r");
    assert.equal(await terminal.ended, 0);
    assert.match(terminal.shown(), /Synced: 1 monitor written/);
    assert.equal(fake.monitors.all().length, 1);
  });

  for (const [what, keys] of [
    ["no", "n\r"],
    ["Enter alone", "\r"],
  ] as const) {
    it(`writes nothing after ${what}, and says that changes are pending`, async (t) => {
      const { fake, monitors } = await desk(t);
      const terminal = monitors("sync --only disk-usage");
      await terminal.waitFor(/\[y\/N\]/);
      terminal.type(keys);
      assert.equal(await terminal.ended, 5);
      assert.match(terminal.shown(), /nothing has been written/);
      assert.equal(fake.seen.filter(isWrite).length, 0);
    });
  }

  it("does only what was shown: what has changed before the answer came is refused", async (t) => {
    const { fake, monitors } = await desk(t);
    const terminal = monitors("sync --only disk-usage");
    await terminal.waitFor(/\[y\/N\]/);
    const tags = ["managed_by:pantheros", "pantheros_stack:hosts", "pantheros_id:disk-usage"];
    fake.monitors.create({
      ...{ name: "made meanwhile", type: "query alert", query: "max(last_5m):max:a{*} > 1", message: "" },
      ...{ options: { thresholds: { critical: 1 } }, tags },
    });
    terminal.type("y\r");
    assert.equal(await terminal.ended, 1);
    assert.match(terminal.shown(), /the plan is stale, nothing has been written:[^→]*→ sync again/);
    assert.equal(fake.seen.filter(isWrite).length, 0);
  });

  it("asks nothing with --yes, nor where nothing is to be done", async (t) => {
    const { fake, monitors } = await desk(t);
    for (const words of ["sync --only disk-usage --yes", "sync --only disk-usage"]) {
      const terminal = monitors(words);
      assert.equal(await terminal.ended, 0, terminal.shown());
      assert.doesNotMatch(terminal.shown(), /y\/N/);
    }
    assert.equal(fake.monitors.all().length, 1);
  });
});

describe("pantheros monitors prune on a terminal", () => {
  it("asks, then saves and deletes", async (t) => {
    const { fake, directory, monitors } = await desk(t);
    const tags = ["managed_by:pantheros", "pantheros_stack:hosts"];
    const body = { type: "query alert", message: "", query: "max(last_5m):max:a{*} > 1", options: {} };
    fake.monitors.create({ ...body, name: "gone", tags: [...tags, "pantheros_id:gone"] });
    // Something defined is there: a stack of which nothing is known is not pruned.
    await monitors("sync --only disk-usage --yes").ended;
    const folder = join(directory, "saved");
    const refusing = monitors(`prune --out ${folder}`);
    await refusing.waitFor(/gone \(1000\) {2}would be deleted/);
    await refusing.waitFor(/delete them from http.*\? \[y\/N\]/);
    refusing.type("\r");
    assert.equal(await refusing.ended, 5);
    assert.deepEqual([existsSync(folder), fake.monitors.all().length], [false, 2]);
    const agreeing = monitors(`prune --out ${folder}`);
    await agreeing.waitFor(/\[y\/N\]/);
    agreeing.type("yes\r");
    assert.equal(await agreeing.ended, 0);
    assert.deepEqual([readdirSync(folder), fake.monitors.all().length], [["monitor-gone-1000.json"], 1]);
  });

  it("deletes nothing that was edited before the answer came", async (t) => {
    const { fake, directory, monitors } = await desk(t);
    await monitors("sync --only disk-usage --yes").ended;
    const tags = ["managed_by:pantheros", "pantheros_stack:hosts", "pantheros_id:gone"];
    const body = { type: "query alert", message: "", query: "max(last_5m):max:a{*} > 1", options: {} };
    fake.monitors.create({ ...body, name: "gone", tags });
    const terminal = monitors(`prune --out ${join(directory, "saved")}`);
    await terminal.waitFor(/\[y\/N\]/);
    fake.monitors.edit(1001, (it) => Object.assign(it, { tags: [], message: "mine now" }));
    terminal.type("y\r");
    assert.equal(await terminal.ended, 1);
    assert.match(terminal.shown(), /the plan is stale[^→]*→ prune again/);
    assert.equal(fake.monitors.all().length, 2);
  });
});

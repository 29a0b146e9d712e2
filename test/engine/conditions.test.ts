import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { conditions } from "../../src/config/sections/jobs.ts";
import { unmetCondition } from "../../src/engine/conditions.ts";
import { onMainsPower } from "../../src/tools/power.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { configOf, runnerOf, runTestJob } from "./job.ts";

const { signal } = new AbortController();
const unmet = (written: unknown, more = {}) => unmetCondition(conditions.parse(written), { signal, ...more });
const nowhere = { free_space: { path: "/", at_least: "8000TiB" } };
const always = { free_space: { path: "/", at_least: "1MiB" } };

async function listening(t: TestContext): Promise<string> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => void server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe("only_if", () => {
  it("holds where nothing is asked", async () => assert.equal(await unmet({}), null));

  it("reachable: every address must accept a connection", async (t) => {
    const address = await listening(t);
    assert.equal(await unmet({ reachable: [address] }), null);
    // Port 1 (tcpmux) is served by nobody.
    assert.match((await unmet({ reachable: [address, "127.0.0.1:1"] })) ?? "", /^127\.0\.0\.1:1 cannot be reached/);
  });

  it("free_space: as much as is asked, in words when it is not", async () => {
    assert.equal(await unmet(always), null);
    assert.match((await unmet(nowhere)) ?? "", /are free in \/, not/);
    const lost = { path: "/no/such/place", at_least: "1" };
    assert.match((await unmet({ free_space: lost })) ?? "", /cannot be told: ENOENT/);
  });

  it("ac_power: on the battery it does not hold", async () => {
    assert.equal(await unmet({ ac_power: true }, { onMains: async () => true }), null);
    assert.match((await unmet({ ac_power: true }, { onMains: async () => false })) ?? "", /battery/);
    assert.equal(await unmet({}, { onMains: async () => false }), null);
    assert.equal((await unmet({ ac_power: true })) === null, await onMainsPower(), "this machine is asked");
  });

  it("of several the first that does not hold is told", async () => {
    const unreachable = { reachable: ["127.0.0.1:1"] };
    assert.match((await unmet({ ...always, ...unreachable })) ?? "", /cannot be reached/);
    assert.match((await unmet({ ...nowhere, ...unreachable })) ?? "", /are free in/);
  });
});

describe("mains power, as the kernel tells it", () => {
  const supplies = (t: TestContext, devices: Readonly<Record<string, Readonly<Record<string, string>>>>) => {
    const directory = temporaryDirectory(t);
    for (const [name, values] of Object.entries(devices)) {
      mkdirSync(join(directory, name));
      for (const [file, value] of Object.entries(values)) writeFileSync(join(directory, name, file), `${value}\n`);
    }
    return onMainsPower(directory);
  };
  const charging = { type: "Battery", status: "Charging" };
  const discharging = { type: "Battery", status: "Discharging" };

  for (const [what, devices, expected] of [
    ["no supplies at all: a server", {}, true],
    ["an adaptor that is plugged in", { AC: { type: "Mains", online: "1" }, BAT0: charging }, true],
    ["an adaptor that is not", { AC: { type: "Mains", online: "0" }, BAT0: discharging }, false],
    ["charged by USB-C", { AC: { type: "Mains", online: "0" }, U: { type: "USB", online: "1" }, BAT0: charging }, true],
    ["only a battery, discharging", { BAT0: discharging }, false],
    ["only the battery of a mouse", { hid: { ...discharging, scope: "Device" } }, true],
    ["an unused USB port of a desktop", { U: { type: "USB", online: "0" } }, true],
  ] as const) {
    it(`${what}: ${expected ? "on mains" : "on the battery"}`, async (t) =>
      assert.equal(await supplies(t, devices), expected));
  }
});

describe("a job or step whose condition does not hold", () => {
  const said: string[] = [];
  const work = runnerOf("work", async ({ text }) => {
    said.push(text);
    return {};
  });

  it("job: nothing is executed, the run is skipped with the reason and its words", async () => {
    said.length = 0;
    const { run, steps } = await runTestJob(configOf([{ uses: "test.work", text: "a" }], { only_if: nowhere }), [work]);
    assert.deepEqual([run.outcome, run.reason, said], ["skipped", "condition", []]);
    assert.match(run.message ?? "", /are free in/);
    assert.equal(steps[0]?.startedAt, null);
  });

  it("job: a condition that holds changes nothing", async () => {
    said.length = 0;
    const { run } = await runTestJob(configOf([{ uses: "test.work", text: "a" }], { only_if: always }), [work]);
    assert.deepEqual([run.outcome, said], ["success", ["a"]]);
  });

  it("step: it is skipped, those that need its result as well, the others are executed", async () => {
    said.length = 0;
    const { run, steps } = await runTestJob(
      configOf([
        { id: "first", uses: "test.work", text: "first", only_if: nowhere } as never,
        { id: "second", uses: "test.work", text: "${first.said}" },
        { id: "third", uses: "test.work", text: "${second.said}" },
        { id: "fourth", uses: "test.work", text: "fourth" },
      ]),
      [work],
    );
    assert.deepEqual(said, ["fourth"]);
    assert.deepEqual(
      steps.map(({ outcome, reason }) => [outcome, reason]),
      [
        ["skipped", "condition"],
        ["skipped", "condition"],
        ["skipped", "condition"],
        ["success", null],
      ],
    );
    assert.ok(steps.every(({ startedAt, finishedAt }) => startedAt !== null && finishedAt !== null));
    assert.match(steps[2]?.message ?? "", /step second, whose result it needs, was skipped/);
    assert.equal(run.outcome, "success");
  });

  it("steps: when none is executed the run is skipped, which refreshes nothing", async () => {
    const { run, ledger } = await runTestJob(configOf([{ uses: "test.work", text: "a", only_if: nowhere } as never]), [
      work,
    ]);
    assert.deepEqual([run.outcome, run.reason], ["skipped", "condition"]);
    assert.equal(ledger.jobStates().find(({ job }) => job === "test")?.lastSuccessAt ?? null, null);
  });
});

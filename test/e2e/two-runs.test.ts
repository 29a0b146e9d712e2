import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPantheros } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { createHost, type TestHost } from "./host.ts";
import { command } from "./jobs.ts";

/** A job whose step says that it has begun, and lasts until the test lets it go. */
function waitingJob(host: TestHost): { readonly begun: () => Promise<unknown>; readonly letGo: () => void } {
  const at = (name: string) => join(host.root, name);
  host.configure(command(["sh", "-c", `touch '${at("begun")}'; while [ ! -e '${at("go")}' ]; do sleep 0.02; done`]));
  return {
    begun: () => eventually("the first run to be in its step", () => existsSync(at("begun"))),
    letGo: () => writeFileSync(at("go"), ""),
  };
}

describe("two runs of a job at once", { timeout: 120_000 }, () => {
  it("the second is skipped, with exit code 4, and names the first", async (t) => {
    const host = createHost(t);
    const { begun, letGo } = waitingJob(host);
    const first = startPantheros(t, host.config, ["run", "test", "--json"]);
    await begun();
    const second = await host.run(["run", "test", "--json"]);
    letGo();
    assert.equal((await first.ended).code, 0);

    const [skipped, succeeded] = await host.runs();
    assert.equal(second.code, 4);
    assert.deepEqual([skipped?.outcome, skipped?.reason], ["skipped", "locked"]);
    assert.match(
      skipped?.message ?? "",
      new RegExp(`run ${succeeded?.id} \\(process ${first.pid}, since .*\\) holds the lock`),
    );
    assert.equal(second.events.at(-1)?.["locked_by"], succeeded?.id);
    assert.equal(succeeded?.outcome, "success");
    assert.equal((await host.run(["run", "test"])).code, 0, "the lock is free again");
  });

  it("a dry run is in nobody's way", async (t) => {
    const host = createHost(t);
    const { begun, letGo } = waitingJob(host);
    const first = startPantheros(t, host.config, ["run", "test"]);
    await begun();
    const dry = await host.run(["run", "test", "--dry-run"]);
    assert.equal(dry.code, 0, dry.stderr);
    letGo();
    assert.equal((await first.ended).code, 0);
    assert.equal((await host.runs()).length, 1);
  });

  it("of ten that start in the same moment, on a host without a ledger, exactly one runs", async (t) => {
    const host = createHost(t);
    const { letGo } = waitingJob(host);
    const started = Array.from({ length: 10 }, () => startPantheros(t, host.config, ["run", "test", "--json"]));
    let ended = 0;
    for (const run of started) void run.ended.then(() => (ended += 1));
    await eventually("nine of ten to be skipped", () => ended >= 9, { seconds: 50 });
    letGo();
    const codes = (await Promise.all(started.map((run) => run.ended))).map(({ code }) => code).sort();
    assert.deepEqual(codes, [0, ...Array(9).fill(4)]);
    const outcomes = (await host.runs()).map(({ outcome }) => outcome).sort();
    assert.deepEqual(outcomes, [...Array(9).fill("skipped"), "success"]);
  });

  it("also when the ledger cannot be written: the lock is then beside it", async (t) => {
    const host = createHost(t);
    const { begun, letGo } = waitingJob(host);
    writeFileSync(host.state, "not a folder");
    const first = startPantheros(t, host.config, ["run", "test"]);
    await begun();
    assert.equal((await host.run(["run", "test"])).code, 4);
    letGo();
    assert.equal((await first.ended).code, 3);
  });
});

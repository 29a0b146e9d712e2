import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPantheros } from "../support/command.ts";
import { killGroup, writtenPid } from "../support/process-group.ts";
import { createHost } from "./host.ts";
import { command } from "./jobs.ts";

describe("a run as a person sees it", { timeout: 60_000 }, () => {
  it("says once what ended it", async (t) => {
    const host = createHost(t, command(["sh", "-c", "exit 7"]));
    const { stdout } = await host.run(["run", "test"]);
    assert.equal(stdout.split("sh ended with exit code 7").length - 1, 1, stdout);
    assert.match(stdout, /test: failed \(unknown\).*\n {2}sh ended with exit code 7/);
  });

  it("is not said to be running when its process is gone", async (t) => {
    const host = createHost(t);
    host.configure(command(["sh", "-c", `echo $$ > '${host.root}/pid'; sleep 300 & wait`]));
    const run = startPantheros(t, host.config, ["run", "test"]);
    const group = await writtenPid(join(host.root, "pid"));
    t.after(() => killGroup(group));
    assert.match((await host.run(["runs"])).stdout, / test +running /);
    run.kill("SIGKILL");
    await run.ended;
    assert.match((await host.run(["runs"])).stdout, / test +process gone /);
    assert.equal((await host.run(["reconcile"])).code, 0);
    assert.match((await host.run(["runs"])).stdout, / test +failed\/killed /);
  });
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPantheros } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { startBlackHole } from "../support/hostile-server.ts";
import { startReceiver } from "../support/http-receiver.ts";
import { createHost, jobOf } from "./host.ts";

const check = "/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

describe("the hooks of a job", { timeout: 120_000, concurrency: 2 }, () => {
  it("hear of the start and the end of a run, in this order; a dry run calls nobody", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const host = createHost(t);
    const hooks = [{ url: { file: host.secret("ping", endpoint + check) }, style: "healthchecks" }];
    host.configure({ jobs: { test: jobOf([{ uses: "command", argv: ["sh", "-c", "exit 3"] }], { hooks }) } });
    assert.equal((await host.run(["run", "test", "--dry-run"])).code, 0);
    assert.deepEqual(requests(), []);
    const { code, stdout, stderr } = await host.run(["run", "test"]);
    assert.equal(code, 1);
    assert.deepEqual(
      requests().map(({ url }) => url.replace(/rid=[\w-]{36}$/, "rid")),
      [`${check}/start?rid`, `${check}/1?rid`],
    );
    assert.equal(new Set(requests().map(({ url }) => url.split("rid=")[1])).size, 1, "start and end are of one run");
    assert.doesNotMatch(stdout + stderr, /5bf66975/);
  });

  it("hear of a run that was killed, from the next one, before that one's own end", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const host = createHost(t);
    const pid = join(host.root, "pid");
    const hooks = [{ url: `${endpoint}/\${run.event}/\${run.reason}`, on: ["success", "failed"] }];
    const slow = jobOf([{ uses: "command", argv: ["sh", "-c", `touch '${pid}'; exec sleep 300`] }], { hooks });
    host.configure({ jobs: { test: slow } });
    const run = startPantheros(t, host.config, ["run", "test"]);
    await eventually("the tool to run", () => existsSync(pid));
    run.kill("SIGKILL");
    await run.ended;
    assert.deepEqual(requests(), []);

    host.configure({ jobs: { test: jobOf([{ uses: "command", argv: ["true"] }], { hooks }) } });
    assert.equal((await host.run(["run", "test"])).code, 0);
    await host.run(["reconcile"]);
    assert.deepEqual(
      requests().map(({ url }) => url),
      ["/failed/killed", "/success/"],
    );
  });

  it("change nothing when nobody answers: that is told, and the run has succeeded", async (t) => {
    const { endpoint } = await startBlackHole(t);
    const host = createHost(t);
    const hooks = [{ url: endpoint + check, answer_within: "200ms", attempts: 1 }];
    host.configure({ jobs: { test: jobOf([{ uses: "command", argv: ["true"] }], { hooks }) } });
    const { code, stderr } = await host.run(["run", "test"]);
    assert.equal(code, 0);
    for (const event of ["start", "success"])
      assert.match(
        stderr,
        new RegExp(`test: a hook for ${event} was not delivered: ${endpoint}: no answer within 0\\.2 s`),
      );
    assert.doesNotMatch(stderr, /5bf66975/);
    assert.deepEqual(
      (await host.runs()).map(({ outcome, message }) => [outcome, message]),
      [["success", null]],
    );
  });
});

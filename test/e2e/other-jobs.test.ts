import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startReceiver } from "../support/http-receiver.ts";
import { createHost } from "./host.ts";

const greet = { uses: "command", argv: ["/bin/true"] };

describe("a mistake in one job", () => {
  it("is journaled as the failure of that job when its turn comes after another one", async (t) => {
    const host = createHost(t, { jobs: { first: { steps: [greet] }, next: { after: ["first"], steps: [] } } });
    const { code, stderr } = await host.run(["run", "first"]);
    assert.equal(code, 2);
    assert.match(stderr, /next: cannot run, the configuration has mistakes in it/);
    host.configure({ jobs: { first: { steps: [greet] } } });
    assert.deepEqual(
      (await host.runs()).map(({ job, outcome, reason }) => [job, outcome, reason]),
      [
        ["next", "failed", "config"],
        ["first", "success", null],
      ],
    );
  });

  it("lets nothing be removed: what that job needs is not known", async (t) => {
    const host = createHost(t);
    const prune = { uses: "prune.objects", destination: "shelf", prefix: "old/", keep: { last: 1 } };
    host.configure({
      destinations: { shelf: { type: "local", path: host.folder("shelf") } },
      jobs: { first: { steps: [greet, prune] }, other: { steps: [] } },
    });
    const { code, stdout } = await host.run(["run", "first"]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /nothing is removed while the configuration has mistakes in other/);
  });

  it("leaves what its hooks are owed to a run that knows them", async (t) => {
    const receiver = await startReceiver(t);
    const hooks = [{ url: receiver.endpoint, on: ["failed"] }];
    const right = { steps: [greet] };
    const failing = { hooks, steps: [{ uses: "command", argv: ["/bin/false"], id: "told" }] };
    const host = createHost(t, {
      jobs: { right, failing: { ...failing, steps: [{ ...failing.steps[0], argv: [] }] } },
    });
    assert.equal((await host.run(["run", "failing"])).code, 2);
    assert.equal((await host.run(["run", "right"])).code, 0);
    assert.equal(receiver.requests().length, 0);
    host.configure({ jobs: { right, failing } });
    assert.equal((await host.run(["run", "right"])).code, 0);
    assert.equal(receiver.requests().length, 1);
  });

  it("keeps that job from running, and no other", async (t) => {
    const right = { steps: [{ uses: "command", argv: ["/bin/true"] }] };
    const host = createHost(t, { jobs: { right, wrong: { steps: [{ uses: "command", argv: [] }] } } });

    const ran = await host.run(["run", "right", "--json"]);
    assert.equal(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /mistakes in other jobs: wrong; they cannot run\n.*pantheros config check/);
    for (const line of ran.stdout.trim().split("\n")) JSON.parse(line);

    const refused = await host.run(["run", "wrong"]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /jobs\.wrong\.steps\[0\]\.argv/);
    assert.equal((await host.run(["config", "check"])).code, 2);

    host.configure({ jobs: { right, wrong: right } });
    assert.deepEqual(
      (await host.runs()).map(({ job, outcome, reason }) => [job, outcome, reason]),
      [
        ["wrong", "failed", "config"],
        ["right", "success", null],
      ],
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHost } from "./host.ts";

describe("a mistake in one job", () => {
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

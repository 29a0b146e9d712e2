import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withRetries } from "../../src/engine/retry.ts";
import { type Reason, StepError } from "../../src/model/run/outcome.ts";

const never = new AbortController().signal;

function failing(times: number, reason: Reason) {
  let calls = 0;
  const attempt = async () => {
    calls += 1;
    if (calls <= times) throw new StepError(reason, `failure ${calls}`);
    return "done";
  };
  return { attempt, calls: () => calls };
}

function options(signal = never) {
  const delays: number[] = [];
  return { delays, signal, random: () => 1, onRetry: (_: StepError, delay: number) => void delays.push(delay) };
}

describe("withRetries", () => {
  it("tries again while the reason can pass, and says how many attempts it took", async () => {
    const { attempt } = failing(2, "network");
    const given = options();
    assert.deepEqual(await withRetries(attempt, { attempts: 3, delay: 0.001 }, given), { result: "done", attempts: 3 });
    assert.deepEqual(given.delays, [0.001, 0.002]);
  });

  it("does not try again without a policy", async () => {
    const { attempt, calls } = failing(1, "network");
    await assert.rejects(withRetries(attempt, undefined, options()), { reason: "network", attempts: 1 });
    assert.equal(calls(), 1);
  });

  it("does not try again for a reason that stays: a wrong password does not become right", async () => {
    for (const reason of ["auth", "config", "verification", "unknown"] as const) {
      const { attempt, calls } = failing(5, reason);
      await assert.rejects(withRetries(attempt, { attempts: 5, delay: 0.001 }, options()), { reason });
      assert.equal(calls(), 1);
    }
  });

  it("gives up with the last failure when the attempts are used up", async () => {
    const { attempt } = failing(9, "throttled");
    await assert.rejects(withRetries(attempt, { attempts: 3, delay: 0.001 }, options()), {
      message: "failure 3",
      attempts: 3,
    });
  });

  it("waits at most a quarter of an hour, half of which is left to chance", async () => {
    for (const [random, delay] of [
      [0, 450],
      [1, 900],
    ] as const) {
      const stop = new AbortController();
      const onRetry = (_: StepError, delay: number) => stop.abort(delay);
      const given = { signal: stop.signal, random: () => random, onRetry };
      await assert.rejects(
        withRetries(failing(1, "network").attempt, { attempts: 2, delay: 3600 }, given),
        (waited) => waited === delay,
      );
    }
  });

  it("does not try again when it was cancelled while it tried, and says why it failed", async () => {
    const given = options(AbortSignal.abort());
    await assert.rejects(withRetries(failing(9, "network").attempt, { attempts: 5, delay: 0 }, given), {
      reason: "network",
      attempts: 1,
    });
    assert.deepEqual(given.delays, []);
  });

  it("stops waiting when it is cancelled, with the reason of the cancellation", async () => {
    const stop = new AbortController();
    const cancel = () => stop.abort(new StepError("cancelled", "asked to stop"));
    const given = { ...options(stop.signal), onRetry: () => void setTimeout(cancel, 20) };
    const { attempt, calls } = failing(9, "network");
    await assert.rejects(withRetries(attempt, { attempts: 5, delay: 3600 }, given), { reason: "cancelled" });
    assert.equal(calls(), 1);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../../src/model/secret.ts";
import { openConnection } from "../../../src/provision/targets/connection.ts";
import { startFakeDatadog } from "../fake-datadog/server.ts";
import { transportTo } from "../stage.ts";

const reading = { method: "GET", path: "/api/v1/monitor", about: "listing the monitors" } as const;
const wrong = (name: string) => new Secret("sesame", `environment variable ${name}`);

describe("a connection", () => {
  it("asks about no key as long as what is read is given", async (t) => {
    const fake = await startFakeDatadog(t);
    assert.equal((await openConnection(transportTo(fake)).send(reading)).status, 200);
    assert.equal(fake.seen.length, 1);
  });

  it("asks once which key it is that is refused, however many readings are", async (t) => {
    const fake = await startFakeDatadog(t);
    const { send, check } = openConnection(transportTo(fake, { applicationKey: wrong("DD_APP_KEY") }));
    await check();
    const refused = await Promise.allSettled([send(reading), send(reading), send(reading)]);
    for (const one of refused)
      assert.match(String(one.status === "rejected" && one.reason), /not the application key from .* DD_APP_KEY/);
    assert.equal(fake.seen.filter(({ path }) => path === "/api/v1/validate").length, 1);
  });

  it("leaves a write that is refused to who knows which right it needs", async (t) => {
    const fake = await startFakeDatadog(t, { readOnly: true });
    const { send } = openConnection(transportTo(fake));
    const answer = await send({ method: "DELETE", path: "/api/v1/monitor/1", about: "deleting monitor 1" });
    assert.equal(answer.status, 403);
  });

  it("that cannot ask about the key says so, and blames none", async (t) => {
    const fake = await startFakeDatadog(t);
    fake.fault = ({ path }) =>
      path === "/api/v1/validate" ? { kind: "answer", status: 503 } : { kind: "answer", status: 403 };
    await assert.rejects(openConnection(transportTo(fake)).send(reading), {
      reason: "network",
      message: /checking the API key: Datadog answered 503/,
    });
  });
});

describe("the API's own check of keys", () => {
  it("looks at the API key alone, as its description says", async (t) => {
    const fake = await startFakeDatadog(t);
    await openConnection(transportTo(fake, { applicationKey: wrong("DD_APP_KEY") })).check();
    await assert.rejects(openConnection(transportTo(fake, { apiKey: wrong("DD_API_KEY") })).check(), {
      reason: "auth",
      message: /does not accept the API key from environment variable DD_API_KEY/,
    });
  });

  for (const [status, text, said] of [
    [404, '{"errors":["Not found"]}', /checking the API key: it answered 404: Not found/],
    [200, "{}", /checking the API key: what was answered is not understood/],
    [200, '{"valid":false}', /does not accept the API key/],
  ] as const) {
    it(`blames the key for what is said of it, and of nothing else: ${status} ${text}`, async (t) => {
      const fake = await startFakeDatadog(t);
      fake.fault = () => ({ kind: "answer", status, text });
      await assert.rejects(openConnection(transportTo(fake)).check(), { message: said });
    });
  }
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress, parseListen } from "../../src/http/address.ts";

describe("an address to listen on", () => {
  for (const [listen, host, port, loopback] of [
    ["127.0.0.1:9471", "127.0.0.1", 9471, true],
    ["127.1.2.3:1", "127.1.2.3", 1, true],
    ["[::1]:9471", "::1", 9471, true],
    ["[::ffff:127.0.0.1]:9471", "::ffff:127.0.0.1", 9471, true],
    ["0.0.0.0:9471", "0.0.0.0", 9471, false],
    ["[::]:9471", "::", 9471, false],
    ["192.0.2.1:80", "192.0.2.1", 80, false],
    [":9471", undefined, 9471, false],
    ["127.0.0.1:0", "127.0.0.1", 0, true],
  ] as const) {
    it(`${listen} is ${loopback ? "for this machine only" : "open to others"}`, async () => {
      assert.deepEqual(await parseListen(listen), { host, port, loopback });
    });
  }

  it("by name is judged by what the name means", async () => {
    assert.equal((await parseListen("localhost:9471")).loopback, true);
  });

  for (const listen of [
    "",
    "9471",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:99999",
    "::1:9471",
    "a b:1",
    "http://127.0.0.1:1",
    "127.0.0.1:1/x",
  ]) {
    it(`"${listen}" is refused`, async () => {
      await assert.rejects(parseListen(listen), {
        name: "StepError",
        reason: "config",
        message: /is not ADDRESS:PORT$/,
      });
    });
  }

  it("by a name that does not resolve is refused", async () => {
    await assert.rejects(parseListen("nowhere.invalid:9471"), {
      reason: "config",
      message: /nowhere\.invalid does not resolve/,
    });
  });

  it("is written back as it was read", () => {
    assert.equal(formatAddress("127.0.0.1", 1), "127.0.0.1:1");
    assert.equal(formatAddress("::1", 1), "[::1]:1");
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lazily } from "../../src/model/lazily.ts";

describe("what is made when it is first asked for", () => {
  it("is made once, and not before", () => {
    let made = 0;
    const one = lazily(() => ({ number: ++made }));
    assert.equal(made, 0);
    assert.equal(one(), one());
    assert.deepEqual([one().number, made], [1, 1]);
  });

  it("may be nothing", () => {
    let asked = 0;
    const nothing = lazily(() => void asked++);
    assert.deepEqual([nothing(), nothing(), asked], [undefined, undefined, 1]);
  });

  it("is tried again when making it failed", () => {
    let asked = 0;
    const second = lazily(() => {
      if (++asked === 1) throw new Error("not yet");
      return asked;
    });
    assert.throws(second, /not yet/);
    assert.equal(second(), 2);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { redact, Secret } from "../../src/model/secret.ts";

const secret = new Secret("correct horse", "file /etc/pantheros/restic.password");

describe("a secret", () => {
  const ways: Record<string, string> = {
    "a template": `${secret}`,
    concatenation: `password ${String(secret)}`,
    JSON: JSON.stringify({ secret }),
    "console.log": inspect(secret),
    "console.log of what holds it": inspect({ nested: { list: [secret] } }, { depth: null, showHidden: true }),
    "an error": String(new Error(`failed with ${secret}`)),
    "a spread": JSON.stringify({ ...secret }),
    "its entries": JSON.stringify(Object.entries(secret)),
  };
  for (const [way, printed] of Object.entries(ways)) {
    it(`does not print itself by ${way}`, () => assert.ok(!printed.includes("correct"), printed));
  }

  it("gives itself away only when asked, and says where it came from", () => {
    assert.equal(secret.reveal(), "correct horse");
    assert.equal(secret.origin, "file /etc/pantheros/restic.password");
  });
});

describe("redaction", () => {
  it("removes secrets by value, every time they occur", () => {
    assert.equal(redact("a correct horse, a correct horse", [secret]), "a [redacted], a [redacted]");
  });

  it("takes a value literally, not as a pattern", () => {
    assert.equal(redact("p.+$&x pattern", [new Secret("p.+$&x", "test")]), "[redacted] pattern");
    assert.equal(redact("pabc", [new Secret("p.+c", "test")]), "pabc");
  });

  it("leaves values alone that are too short to be told from ordinary text", () => {
    assert.equal(redact("abc", [new Secret("abc", "test")]), "abc");
  });

  it("never leaves a longer value behind", () => {
    const value = fc.string({ minLength: 4, unit: fc.constantFrom("k", "7", ".", "$", "&", "/", "é") });
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (text, before, after) => {
        assert.ok(!redact(before + text + after, [new Secret(text, "test")]).includes(text));
      }),
    );
  });

  const shapes: readonly [name: string, text: string, clean: string][] = [
    ["password of an URL", "rest:https://me:hunter22@host/repo", "rest:https://me:[redacted]@host/repo"],
    ["AWS key", "key AKIAIOSFODNN7EXAMPLE refused", "key [redacted] refused"],
    ["bearer token", "Authorization: Bearer abc.def-ghi_123=", "Authorization: Bearer [redacted]"],
    ["environment variable", "RESTIC_PASSWORD=hunter22 restic", "RESTIC_PASSWORD=[redacted] restic"],
    ["JSON field", '{"api_key": "0123abcd", "n": 1}', '{"api_key": "[redacted]", "n": 1}'],
    ["flag", "--b2-account-key=K001abcdef", "--b2-account-key=[redacted]"],
  ];
  for (const [name, text, clean] of shapes) {
    it(`removes what looks like a secret: ${name}`, () => assert.equal(redact(text, []), clean));
  }

  it("leaves ordinary output alone", () => {
    const text = "Fatal: wrong password or no key found\nopened https://host:8000/repo, 3 files, token expired";
    assert.equal(redact(text, []), text);
  });
});

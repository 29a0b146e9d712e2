import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { resolveReferences } from "../../src/config/references.ts";
import { StepError } from "../../src/model/run/outcome.ts";

const values = {
  run: { id: "20261121T085700Z-k3f9", job: "home", timestamp: "20261121T085700Z" },
  snap: { path: "/data/.snapshots/docs", bytes: 42, verified: true, parent: null },
};
const resolved = (options: unknown) => resolveReferences(options, values, "cellar");

describe("references at run time", () => {
  it("are replaced at any depth, in values and not in keys", () => {
    assert.deepEqual(
      resolved({ from: "${snap.path}/letters", "${host}": ["${host}-${run.timestamp}", { deep: "${run.job}" }] }),
      {
        from: "/data/.snapshots/docs/letters",
        "${host}": ["cellar-20261121T085700Z", { deep: "home" }],
      },
    );
  });

  it("keep their type when they are all there is, and become text inside a text", () => {
    assert.deepEqual(resolved(["${snap.bytes}", "${snap.verified}", "${snap.bytes} bytes"]), [42, true, "42 bytes"]);
  });

  it("can be written as plain text", () => {
    assert.equal(resolved("$${snap.path} costs $5 and ${host}"), "${snap.path} costs $5 and cellar");
  });

  it("leave everything else as it is", () => {
    const plain = fc.anything({ withNullPrototype: false }).filter((data) => !JSON.stringify(data)?.includes("$"));
    fc.assert(
      fc.property(
        plain.map((data) => JSON.parse(JSON.stringify(data) ?? "null")),
        (data) => assert.deepEqual(resolved(data), data),
      ),
    );
  });

  it("are not looked for in what they were replaced by", () => {
    assert.equal(resolveReferences("${a.b}", { a: { b: "${host}" } }, "cellar"), "${host}");
  });

  for (const reference of [
    "${snap.parent}",
    "${snap.other}",
    "${other.path}",
    "${snap.constructor}",
    "${constructor.name}",
  ]) {
    it(`fail as a missing source when there is no value: ${reference}`, () => {
      assert.throws(
        () => resolved({ from: reference }),
        (error) =>
          error instanceof StepError &&
          error.reason === "source" &&
          error.message.startsWith(`${reference} has no value`),
      );
    });
  }
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { byLastLine, byTags, ownedBy } from "../../src/provision/identity.ts";
import type { Body, RemoteResource } from "../../src/provision/resource.ts";

const mark = { stack: "hosts", id: "disk-usage", applied: "v1.abc" };
const identities = { "in tags": byTags, "in the last line of a text": byLastLine("description") };

for (const [where, identity] of Object.entries(identities)) {
  describe(`the mark ${where}`, () => {
    it("is read as it was written, and written once however often", () => {
      const text = fc.string().filter((line) => !line.includes("managed_by"));
      fc.assert(
        fc.property(text, (description) => {
          const once = identity.write({ description, tags: ["a:b"] }, mark);
          assert.deepEqual(identity.read(once), mark);
          assert.deepEqual(identity.write(once, mark), once);
        }),
      );
    });

    it("without its changing part is the same for every application", () => {
      const first = identity.strip(identity.write({ description: "what for" }, mark));
      const second = identity.strip(identity.write({ description: "what for" }, { ...mark, applied: "v1.def" }));
      assert.deepEqual(first, second);
      assert.deepEqual(identity.read(first)?.id, "disk-usage");
    });

    it("can be taken away, and leaves what it was put beside", () => {
      for (const body of [
        { description: "what for\n\nand why", tags: ["a:b"] },
        { description: "", tags: [] },
      ])
        assert.deepEqual(identity.remove(identity.write(body, { ...mark, installation: "north" })), body);
      for (const nobodys of [{}, { description: "mine ", tags: [7, "a:b"] }, { description: 7, tags: "a:b" }])
        assert.deepEqual(identity.remove(nobodys), nobodys);
    });

    it("of another version says nothing about who has changed what", () => {
      const body = identity.write({}, { ...mark, applied: "v9.abc" });
      assert.equal(identity.read(body)?.applied, null);
    });

    it("is not there in what is somebody else's", () => {
      assert.equal(identity.read({ tags: ["managed_by:terraform", "pantheros_id:x"], description: "mine" }), null);
      assert.equal(identity.read({}), null);
    });
  });
}

describe("what a stack owns", () => {
  const monitor = (remoteId: string, body: Body): RemoteResource => ({ kind: "monitor", remoteId, modified: "", body });
  const ours = (remoteId: string, change: Partial<typeof mark> = {}, body: Body = {}) =>
    monitor(remoteId, byTags.write(body, { ...mark, ...change }));
  const own = (...remote: RemoteResource[]) => ownedBy("hosts", remote, () => byTags);

  it("is what carries its marks, and nothing else", () => {
    const owned = own(ours("1"), ours("2", { stack: "cluster" }), monitor("3", { tags: ["pantheros_id:disk-usage"] }));
    assert.deepEqual(
      [...owned.values()].map(({ remoteId }) => remoteId),
      ["1"],
    );
  });

  it("is nothing that calls itself by what is no id: ids become names of files, and are shown on terminals", () => {
    for (const id of ["/../../../etc/cron.d/x", "..", "a/b", "\u001b[2J", "", "x".repeat(300)])
      for (const field of ["id", "stack"] as const)
        assert.equal(
          byTags.read({
            tags: [
              "managed_by:pantheros",
              "pantheros_stack:hosts",
              "pantheros_id:a",
              `pantheros_${field}:${id}`,
            ].toReversed(),
          }),
          null,
          id,
        );
  });

  it("cannot be said when two carry one id", () => {
    assert.throws(() => own(ours("1"), ours("2")), /two resources say that they are monitor disk-usage: 1 and 2/);
  });

  it("cannot be said when another organisation's carry our marks", () => {
    const strange = ours("2", { id: "other" }, { org_id: 8 });
    assert.throws(() => own(ours("1", {}, { org_id: 7 }), strange), /several organisations: 7, 8/);
  });
});

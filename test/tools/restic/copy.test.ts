import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../../src/model/secret.ts";
import { copySnapshots, initLike, notCopied } from "../../../src/tools/restic/copy.ts";
import { parseSnapshots, type ResticSnapshot } from "../../../src/tools/restic/output.ts";
import type { ResticRepository } from "../../../src/tools/restic/repository.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../../support/restic-recordings.ts";

function repository(name: string, environment: ResticRepository["environment"] = {}): ResticRepository {
  const password = new Secret(`password of ${name}`, "a test");
  return { name, location: `/srv/${name}`, program: "restic", password, environment, cacheDirectory: "/cache" };
}
const [hub, peer] = [repository("hub"), repository("peer")];
const one: ResticSnapshot = { id: "1".repeat(64), at: 1000, host: "web1", tags: [], paths: ["/srv"], tree: "t1" };

for (const version of recordedVersions) {
  describe(`restic ${version} copy`, () => {
    it("is told both repositories in its environment, and counts what it saved", async () => {
      const { execute, calls } = fakeExecute(() => recording(version, "copy"));
      const saved: number[] = [];
      const report = await copySnapshots(hub, peer, execute, [one.id], (count) => saved.push(count));
      assert.deepEqual([report.saved, saved], [1, [1]]);
      const [call] = calls;
      assert.deepEqual(call?.argv, ["restic", "copy", "--", one.id]);
      assert.equal(call?.environment?.["RESTIC_FROM_REPOSITORY"], "/srv/hub");
      assert.equal(call?.environment?.["RESTIC_REPOSITORY"], "/srv/peer");
      assert.equal(call?.environment?.["RESTIC_FROM_PASSWORD"], hub.password);
    });

    it("leaves a snapshot whose id is another one, but whose origin and content are the same", () => {
      const [copied] = parseSnapshots(recording(version, "snapshots-copied").stdout);
      assert.ok(copied?.original && copied.tree);
      const source = { ...copied, id: copied.original };
      assert.deepEqual(notCopied([source], [copied]), []);
      assert.deepEqual(notCopied([source], []), [source]);
      assert.deepEqual(notCopied([source], [{ ...copied, tree: "another" }]), [source], "the content is another one");
    });

    for (const [name, reason] of [
      ["copy-from-wrong-password", "auth"],
      ["copy-from-missing", "repository_missing"],
      ["copy-from-locked", "repository_locked"],
    ] as const) {
      it(`${name} is ${reason}`, async () => {
        const { execute } = fakeExecute(() => recording(version, name));
        await assert.rejects(
          copySnapshots(hub, peer, execute, [one.id], () => undefined),
          { reason },
        );
      });
    }
  });
}

describe("a copy", () => {
  it("is known by what it is a copy of, also when that was copied itself", () => {
    const copy = { ...one, id: "2".repeat(64), original: one.id };
    const copyOfCopy = { ...one, id: "3".repeat(64), original: one.id };
    assert.deepEqual(notCopied([copy], [copyOfCopy]), []);
    assert.deepEqual(notCopied([one], [copyOfCopy]), []);
    assert.deepEqual(notCopied([copyOfCopy], [one]), []);
    for (const different of [{ host: "web2" }, { at: 1001 }, { paths: ["/home"] }, { original: "4".repeat(64) }])
      assert.deepEqual(notCopied([one], [{ ...copy, ...different }]), [one]);
  });

  it("does nothing when there is nothing to copy", async () => {
    const { execute, calls } = fakeExecute(() => ended());
    assert.deepEqual(await copySnapshots(hub, peer, execute, [], () => undefined), { saved: 0, tail: "" });
    assert.deepEqual(calls, []);
  });

  it("is refused where both need the same variable with another value", async () => {
    const { execute, calls } = fakeExecute(() => ended());
    const key = (text: string) => ({ AWS_ACCESS_KEY_ID: new Secret(text, "a test") });
    const refused = { reason: "config", message: /AWS_ACCESS_KEY_ID/ };
    const clash = [repository("hub", key("one")), repository("peer", key("two"))] as const;
    await assert.rejects(
      copySnapshots(...clash, execute, [one.id], () => undefined),
      refused,
    );
    await assert.rejects(initLike(...clash, execute), refused);
    assert.deepEqual(calls, []);
    const same = [repository("hub", key("one")), repository("peer", key("one"))] as const;
    await copySnapshots(...same, execute, [one.id], () => undefined);
  });

  it("gives each repository its own certificate and login", async () => {
    const { execute, argvOf, calls } = fakeExecute(() => ended());
    const [from, to] = ["one", "two"].map((name) =>
      repository(name, { RESTIC_CACERT: `/${name}.pem`, RESTIC_REST_USERNAME: name }),
    ) as [ResticRepository, ResticRepository];
    await copySnapshots(from, to, execute, [one.id], () => undefined);
    assert.deepEqual(argvOf("--cacert"), [["/two.pem", "--cacert", "/one.pem", "copy", "--", one.id]]);
    assert.equal(calls.length, 1);
  });
});

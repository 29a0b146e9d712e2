import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../../src/model/secret.ts";
import { checkRepository, parsePacks } from "../../../src/tools/restic/check.ts";
import type { ResticRepository } from "../../../src/tools/restic/repository.ts";
import {
  exactly,
  listFiles,
  restoreArguments,
  restoreSnapshot,
  type SnapshotFile,
} from "../../../src/tools/restic/restore.ts";
import { ended, fakeExecute, recordedVersions, recording } from "../../support/restic-recordings.ts";

const password = new Secret("hunter2 hunter2", "a test");
const main: ResticRepository = {
  name: "main",
  location: "/srv/main",
  program: "restic",
  password,
  environment: {},
  cacheDirectory: "/c",
};
const quiet = () => undefined;
const request = { id: "0".repeat(64), target: "/scratch", include: [] };

for (const version of recordedVersions) {
  const check = (name: string) =>
    checkRepository(main, fakeExecute(() => recording(version, name)).execute, "1/1", quiet);
  const restore = (name: string) =>
    restoreSnapshot(main, fakeExecute(() => recording(version, name)).execute, request, quiet);

  describe(`restic ${version}`, () => {
    it("says how much a check has read, and how far it is", async () => {
      const ratios: (number | undefined)[] = [];
      const { execute, argvOf } = fakeExecute(() => recording(version, "check"));
      const report = await checkRepository(main, execute, "1/1", ({ ratio }) => ratios.push(ratio));
      assert.deepEqual(report, { packsRead: 2, packsTotal: 2 });
      assert.equal(ratios.at(-1), 1);
      assert.deepEqual(argvOf("check"), [["--read-data-subset=1/1"]]);
    });

    for (const name of ["check-flipped", "check-missing-pack"]) {
      it(`${name} is verification and names the pack`, async () => {
        await assert.rejects(check(name), {
          reason: "verification",
          message: /damaged or missing: pack [0-9a-f]{64}$/,
        });
      });
    }

    it("is not believed when it does not say that it found no errors", async () => {
      // Nothing was read: what restic says then is no check of the data.
      await assert.rejects(check("check-flipped-unread"), { reason: "unknown" });
      await assert.rejects(check("snapshots"), { reason: "unknown", message: /without saying/ });
    });

    it("check-locked is repository_locked", async () => {
      await assert.rejects(check("check-locked"), { reason: "repository_locked" });
    });

    it("tells the files of a snapshot one by one", async () => {
      const files: SnapshotFile[] = [];
      const content = await listFiles(main, fakeExecute(() => recording(version, "ls")).execute, "latest", (file) =>
        files.push(file),
      );
      assert.deepEqual(content, { files: 2, bytes: 100_000 });
      assert.deepEqual(files, [
        { path: "/work/source/folder/two.txt", size: 50_000 },
        { path: "/work/source/one.txt", size: 50_000 },
      ]);
    });

    it("restores, and says how many where it does", async () => {
      assert.equal((await restore("restore")).files, version === "0.14.0" ? null : 6);
    });

    it("restore-flipped is verification", async () => {
      await assert.rejects(restore("restore-flipped"), { reason: "verification" });
    });

    it("restore-unknown-id is no success", async () => {
      await assert.rejects(restore("restore-unknown-id"), { name: "StepError" });
    });
  });
}

describe("a check that was kept from reading", () => {
  it("is network, not damage, when the other side went away", async () => {
    const stderr =
      "Load(<data/1234>, 0, 0) returned error, retrying after 1s: dial tcp: connection refused\nFatal: repository contains errors";
    const { execute } = fakeExecute(() => ended({ exitCode: 1, stderr }));
    await assert.rejects(checkRepository(main, execute, "1/2", quiet), { reason: "network" });
  });

  it("is verification when nothing is known of why", async () => {
    const { execute } = fakeExecute(() =>
      ended({ exitCode: 1, stderr: "the moon is full\nFatal: repository contains errors" }),
    );
    await assert.rejects(checkRepository(main, execute, "1/2", quiet), { reason: "verification" });
  });
});

describe("lines of a check", () => {
  it("tell packs as every version writes them", () => {
    assert.deepEqual(parsePacks("[0:01] 50.00%  1 / 2 packs"), { read: 1, ratio: 0.5 });
    assert.deepEqual(parsePacks("[0:00]          0 packs"), { read: 0 });
    assert.deepEqual(parsePacks("read group #1 of 2 data packs (out of total 9 packs in 3 groups)"), { total: 9 });
    assert.deepEqual(parsePacks("read group #1 of 2 data packs (out of total 9 packs in 3 groups"), { total: 9 });
    assert.deepEqual(parsePacks("[0:00] 100.00%  1 / 1 snapshots"), {});
  });
});

describe("the arguments of a restore", () => {
  it("ask for paths, not for patterns", () => {
    assert.equal(exactly("/a/[b]*?\\c"), "/a/\\[b]\\*\\?\\\\c");
    assert.deepEqual(restoreArguments({ ...request, include: ["/a"] }).slice(-2), ["--include=/a", request.id]);
  });
});

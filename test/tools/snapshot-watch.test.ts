import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { watchSnapshots } from "../../src/tools/snapshot-watch.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { refusingEndpoint } from "../support/hostile-server.ts";
import { listingOf, startFakeHub, writeRepository } from "../support/repository-files.ts";

const idOf = (content: string) => createHash("sha256").update(content).digest("hex");
const [older, newer] = [idOf("older"), idOf("newer")];
const limits = { signal: new AbortController().signal, seconds: 20 };
const watch = (location: string) => watchSnapshots({ name: "main", location, environment: {} }, limits);

/** A repository in a folder that holds one snapshot already. */
function folder(t: TestContext) {
  const place = temporaryDirectory(t);
  writeRepository(place);
  const write = (id: string, content: string) => writeFileSync(join(place, "snapshots", id), content);
  write(older, "older");
  return { place, write };
}

/** The same behind a REST server; `files` is what it holds. */
async function hub(t: TestContext) {
  const files = new Map([[older, "older"]]);
  const { location } = await startFakeHub(t, (path) => {
    if (path === "config") return {};
    if (path === "snapshots/") return listingOf([...files.keys()]);
    const body = files.get(path.replace("snapshots/", ""));
    return body === undefined ? undefined : { body };
  });
  return { place: location, write: (id: string, content: string) => void files.set(id, content) };
}

for (const [where, open] of [
  ["a folder", folder],
  ["a REST server", hub],
] as const) {
  describe(`a snapshot that a backup claims to have made in ${where}`, () => {
    it("is whole when it came since and is what its name says, by its id or the beginning of it", async (t) => {
      const { place, write } = await open(t);
      const { find } = await watch(place);
      write(newer, "newer");
      assert.deepEqual(await find(newer), { state: "whole", id: newer });
      assert.deepEqual(await find(newer.slice(0, 8)), { state: "whole", id: newer });
    });

    it("is of another run when it was there before", async (t) => {
      const { find } = await watch((await open(t)).place);
      assert.deepEqual(await find(older), { state: "older", id: older });
      assert.deepEqual(await find(older.slice(0, 8)), { state: "older", id: older });
    });

    it("is broken when it is empty, or not what its name says", async (t) => {
      for (const content of ["", "newe", "newer "]) {
        const { place, write } = await open(t);
        const { find } = await watch(place);
        write(newer, content);
        assert.deepEqual(await find(newer), { state: "broken", id: newer });
      }
    });

    it("is not seen when it is not there", async (t) => {
      const { find } = await watch((await open(t)).place);
      for (const claimed of [newer, newer.slice(0, 8)]) assert.deepEqual(await find(claimed), { state: "unseen" });
    });
  });
}

describe("where nobody but restic can look", () => {
  it("nothing is said: of S3, of a server that is not there, of a folder that goes away meanwhile", async (t) => {
    const { place, write } = folder(t);
    const watches = [
      await watch("s3:https://x/y"),
      await watch(`rest:${await refusingEndpoint(t)}/`),
      await watch(place),
    ];
    write(newer, "newer");
    rmSync(place, { recursive: true });
    for (const { find } of watches) assert.deepEqual(await find(newer), { state: "unseen" });
  });

  it("a repository that the backup is yet to make held nothing before", async (t) => {
    const place = join(temporaryDirectory(t), "repository");
    const { find } = await watch(place);
    writeRepository(place);
    writeFileSync(join(place, "snapshots", newer), "newer");
    assert.deepEqual(await find(newer), { state: "whole", id: newer });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  archiveKey,
  archiveName,
  keyOfManifest,
  manifestKey,
  parseArchiveKey,
} from "../../../src/model/archive/key.ts";
import { formatTimestamp, timestampMoment } from "../../../src/model/quantity.ts";

const home = { host: "nas", name: "home", timestamp: "20261121T085700Z", mode: "full" } as const;

describe("the key of an archive", () => {
  it("has host, year and month as folders", () => {
    assert.equal(archiveKey("backups/btrfs", home), "backups/btrfs/nas/2026/11/home-20261121T085700Z-full.btrfs.zst");
    assert.equal(
      archiveKey("", { ...home, mode: "incr", copy: 2 }),
      "nas/2026/11/home-20261121T085700Z_2-incr.btrfs.zst",
    );
  });

  const part = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
  const moment = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => formatTimestamp(seconds * 1000));
  const anyName = fc.record({
    host: part,
    name: part,
    timestamp: moment,
    mode: fc.constantFrom("full" as const, "incr" as const),
    copy: fc.nat({ max: 20 }),
  });

  it("is read back as what it was written from, whatever the name looks like", () => {
    const prefix = fc.array(part, { maxLength: 3 }).map((parts) => parts.join("/"));
    fc.assert(
      fc.property(prefix, anyName, (before, name) => {
        assert.deepEqual(parseArchiveKey(before, archiveKey(before, name)), { ...name });
      }),
    );
  });

  it("is nothing else's", () => {
    const key = archiveKey("p", home);
    for (const other of [
      manifestKey(key),
      `${key}.partial`,
      key.slice(2),
      `x${key}`,
      key.replace("/11/", "/12/"),
      key.replace("-full", "-half"),
      key.replace("nas/", "nas/sub/"),
      "p/nas/2026/11/readme.txt",
    ]) {
      assert.equal(parseArchiveKey("p", other), null, other);
    }
  });

  it("has a manifest beside it", () => {
    const key = archiveKey("", home);
    assert.equal(keyOfManifest(manifestKey(key)), key);
    assert.equal(keyOfManifest(key), null);
    assert.equal(keyOfManifest("nas/2026/11/other.json"), null);
  });

  it("tells its moment", () => {
    fc.assert(fc.property(moment, (timestamp) => assert.equal(formatTimestamp(timestampMoment(timestamp)), timestamp)));
  });
});

describe("the name of an archive from that of a snapshot", () => {
  for (const [fileName, name] of [
    ["home.20261121T085700Z", "home"],
    ["home.20261121T085700Z_3", "home"],
    ["@home-20261121T0857", "home"],
    ["data.20261121", "data"],
    ["snapshot", "snapshot"],
    ["a b/c\n'ä", "a_b_c___"],
    ["..", "snapshot"],
    ["20261121T085700Z", "snapshot"],
    ["", "snapshot"],
  ] as const) {
    it(`${JSON.stringify(fileName)} is ${name}`, () => assert.equal(archiveName(fileName), name));
  }

  it("always fits into a key", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (fileName) => {
        assert.match(archiveName(fileName), /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
      }),
    );
  });
});

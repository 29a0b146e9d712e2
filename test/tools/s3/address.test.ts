import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { regionOf, resticB2Address, resticS3Address } from "../../../src/tools/s3/address.ts";

describe("the place of a restic repository", () => {
  for (const [location, expected] of [
    [
      "s3:https://s3.us-west-004.backblazeb2.com/bucket/home/zephyrus",
      ["https://s3.us-west-004.backblazeb2.com", "bucket", "home/zephyrus/"],
    ],
    ["s3:http://127.0.0.1:9000/bucket", ["http://127.0.0.1:9000", "bucket", ""]],
    ["s3:s3.amazonaws.com/bucket/path/", ["https://s3.amazonaws.com", "bucket", "path/"]],
    ["s3://host/bucket/path", ["https://host", "bucket", "path/"]],
    ["s3:https://host/", null],
    ["/srv/s3:host/bucket", null],
    ["rest:https://host/bucket/path", null],
  ] as const) {
    it(`${location} is ${expected === null ? "no bucket" : expected.join(" ")}`, () => {
      const found = resticS3Address(location);
      assert.deepEqual(found && [found.endpoint, found.bucket, found.prefix], expected);
    });
  }

  it("of restic's b2: has a bucket and a prefix", () => {
    assert.deepEqual(resticB2Address("b2:backups:postgres"), { bucket: "backups", prefix: "postgres/" });
    assert.deepEqual(resticB2Address("b2:backups:/postgres"), { bucket: "backups", prefix: "postgres/" });
    assert.deepEqual(resticB2Address("b2:backups"), { bucket: "backups", prefix: "" });
    assert.equal(resticB2Address("s3:host/b"), null);
  });
});

describe("the region", () => {
  it("is part of the host names of Backblaze and Amazon", () => {
    assert.equal(regionOf("https://s3.us-west-004.backblazeb2.com"), "us-west-004");
    assert.equal(regionOf("https://s3.eu-central-1.amazonaws.com"), "eu-central-1");
    assert.equal(regionOf("https://s3.amazonaws.com"), null);
    assert.equal(regionOf("http://127.0.0.1:9000"), null);
  });
});

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  isScrubRunning,
  parseScrubRecords,
  readScrubRecords,
  scrubErrorsOf,
  stateOf,
  wholeScrubOf,
} from "../../../src/tools/btrfs/scrub.ts";
import type { Execute } from "../../../src/tools/exec.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const uuid = "0b7f5a52-1d0c-4f0e-9c43-5d1f4f1f3a02";
const recorded = (name: string) =>
  readFileSync(new URL(`../../fixtures/btrfs/6.2/${name}.txt`, import.meta.url), "utf8");
const recordOf = (name: string) => parseScrubRecords(recorded(`scrub-record-${name}`), uuid);

describe("the record of a scrub", () => {
  it("tells how it went", () => {
    for (const [name, expected] of [
      ["finished", "finished"],
      ["errors", "finished"],
      ["canceled", "canceled"],
      ["open", "open"],
      ["begun", "open"],
    ] as const) {
      assert.equal(stateOf(recordOf(name)), expected, name);
    }
    assert.equal(stateOf([]), "never");
  });

  it("tells when it began, when it went through on every device", () => {
    const finished = recordOf("finished");
    assert.equal(wholeScrubOf(finished, ["1", "2"]), finished[0]?.startedAt);
    assert.ok((finished[0]?.startedAt ?? 0) > 1_700_000_000);
    const [first, second] = finished.map((record) => ({ ...record }));
    const earlier = { ...second, startedAt: 1_700_000_000 } as (typeof finished)[number];
    assert.equal(wholeScrubOf([first, earlier] as typeof finished, ["1", "2"]), 1_700_000_000);
  });

  it("of some of the devices is no whole scrub, nor is one that was cut off", () => {
    assert.equal(wholeScrubOf(recordOf("finished"), ["1", "2", "3"]), null);
    for (const name of ["canceled", "open", "begun"])
      assert.equal(wholeScrubOf(recordOf(name), ["1", "2"]), null, name);
    assert.equal(wholeScrubOf([], []), null);
  });

  it("adds up what was found on all devices", () => {
    const errors = scrubErrorsOf(recordOf("errors"));
    assert.ok(errors.corrected > 0);
    assert.deepEqual([errors.uncorrectable, errors.unverified], [0, 0]);
    const two = recorded("scrub-record-finished").replaceAll("uncorrectable_errors:0", "uncorrectable_errors:7");
    assert.equal(scrubErrorsOf(parseScrubRecords(two, uuid)).uncorrectable, 14);
  });

  it("is refused when it cannot be true", () => {
    const good = recorded("scrub-record-finished");
    for (const text of [
      "",
      "scrub status:2\n",
      "scrub status:1\n",
      good.slice(0, 400),
      good.replace("t_start:", "t_start:-"),
      good.replace("uncorrectable_errors:0", "uncorrectable_errors:18446744073709551615"),
      good.replace("finished:1", "finished:"),
      good.replaceAll(uuid, "00000000-0000-4000-8000-000000000000"),
    ]) {
      assert.throws(() => parseScrubRecords(text, uuid), { reason: "verification" }, JSON.stringify(text.slice(0, 60)));
    }
  });

  it("that is not there means that there was none here", (t) => {
    const root = temporaryDirectory(t);
    assert.deepEqual(readScrubRecords(uuid, root), []);
    writeFileSync(join(root, `scrub.status.${uuid}`), recorded("scrub-record-finished"));
    assert.equal(readScrubRecords(uuid, root).length, 2);
  });
});

describe("whether a scrub runs", () => {
  it("is what btrfs scrub status says of one that has begun", async () => {
    for (const [name, expected] of [
      ["running", true],
      ["begun", true],
      ["interrupted", false],
      ["canceled", false],
      ["never", false],
    ] as const) {
      const execute: Execute = async ({ argv }) => {
        return { argv, exitCode: 0, signal: null, stdout: recorded(`scrub-${name}`), stderr: "", durationSeconds: 0 };
      };
      assert.equal(await isScrubRunning(execute, "/mnt"), expected, name);
    }
  });
});

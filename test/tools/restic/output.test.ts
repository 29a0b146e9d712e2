import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { StepError } from "../../../src/model/run/outcome.ts";
import {
  parseIds,
  parseResticLine,
  parseSnapshots,
  parseVersion,
  type ResticSummary,
} from "../../../src/tools/restic/output.ts";
import { recordedVersions, recording } from "../../support/restic-recordings.ts";

for (const version of recordedVersions) {
  describe(`what restic ${version} prints`, () => {
    it("tells what a backup stored", () => {
      const summary = summaryOf(recording(version, "backup").stdout);
      const { snapshotId, ...counts } = summary;
      assert.match(snapshotId ?? "", version === "0.14.0" ? /^[0-9a-f]{8}$/ : /^[0-9a-f]{64}$/);
      assert.deepEqual(
        { ...counts, bytesAdded: counts.bytesAdded > 100_000 },
        {
          filesNew: 2,
          filesChanged: 0,
          filesUnmodified: 0,
          files: 2,
          bytes: 100_000,
          bytesAdded: true,
        },
      );
    });

    it("tells that nothing had changed", () => {
      const { filesNew, filesUnmodified } = summaryOf(recording(version, "backup-unchanged").stdout);
      assert.deepEqual({ filesNew, filesUnmodified }, { filesNew: 0, filesUnmodified: 2 });
    });

    it("lists snapshots with time, host, tags and paths", () => {
      const snapshots = parseSnapshots(recording(version, "snapshots").stdout);
      assert.ok(snapshots.length >= 4);
      const [first] = snapshots;
      assert.match(first?.id ?? "", /^[0-9a-f]{64}$/);
      assert.deepEqual(
        { host: first?.host, tags: first?.tags, paths: first?.paths },
        { host: "web1", tags: ["pantheros", "job:nightly"], paths: ["/data/source"] },
      );
      assert.equal(new Date((first?.at ?? 0) * 1000).getUTCFullYear(), 2026);
    });

    it("lists no snapshots as an empty list", () => {
      assert.deepEqual(parseSnapshots(recording(version, "snapshots-none").stdout), []);
      assert.deepEqual(parseSnapshots(recording(version, "snapshots-unknown-id").stdout), []);
    });

    it("lists locks", () => {
      assert.equal(parseIds(recording(version, "list-locks").stdout).length, 1);
      assert.equal(parseIds(recording(version, "list-locks-none").stdout).length, 0);
    });
  });
}

describe("foreign JSON", () => {
  it("is read although fields that are zero are left out", () => {
    const line = parseResticLine('{"message_type":"summary","snapshot_id":"0123456789"}');
    assert.deepEqual(line?.type === "summary" && line.summary, {
      snapshotId: "0123456789",
      filesNew: 0,
      filesChanged: 0,
      filesUnmodified: 0,
      files: 0,
      bytes: 0,
      bytesAdded: 0,
    } satisfies ResticSummary);
  });

  it("loses the numbers that cannot be true, and nothing else", () => {
    const line = parseResticLine(
      '{"message_type":"status","seconds_remaining":9223372036854775808,"percent_done":0.5,"bytes_done":-3,"total_bytes":9223372036854775808,"files_done":"7","new":[]}',
    );
    assert.deepEqual(line, { type: "status", progress: { ratio: 0.5 } });
  });

  it("never claims to be more than done", () => {
    assert.deepEqual(parseResticLine('{"message_type":"status","percent_done":1.7}'), {
      type: "status",
      progress: { ratio: 1 },
    });
  });

  it("has no snapshot where --skip-if-unchanged made none", () => {
    const line = parseResticLine('{"message_type":"summary","total_duration":-9223372036.854776,"snapshot_id":""}');
    assert.equal(line?.type === "summary" && line.summary.snapshotId, null);
  });

  it("is no line of restic's when it is text, a number or a list", () => {
    for (const text of ["", "repository opened", "42", "[]", "null", "{"]) assert.equal(parseResticLine(text), null);
  });

  it("is never trusted, whatever it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((o) => JSON.stringify({ message_type: "summary", ...o })),
        ),
        (text) => {
          parseResticLine(text);
          try {
            parseSnapshots(text);
          } catch (error) {
            assert.ok(error instanceof StepError);
            assert.equal(error.reason, "unknown");
          }
        },
      ),
    );
  });

  it("names restic's version only when it is restic that speaks", () => {
    assert.equal(parseVersion("restic 0.14.0 compiled with go1.19.8 on linux/amd64\n"), "0.14.0");
    assert.equal(parseVersion("rclone v1.60.1\n"), null);
  });
});

function summaryOf(stdout: string): ResticSummary {
  for (const text of stdout.split("\n")) {
    const line = parseResticLine(text);
    if (line?.type === "summary") return line.summary;
  }
  throw new assert.AssertionError({ message: "no summary" });
}

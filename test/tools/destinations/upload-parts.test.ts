import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { cutIntoParts } from "../../../src/tools/destinations/upload-parts.ts";
import { collect } from "../../support/collect.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { mountTmpfs, remount } from "../../support/tmpfs.ts";

/** Why a part of an upload that is too large for memory cannot be kept in a folder. */
async function failureIn(directory: string): Promise<StepError> {
  const bytes = async function* () {
    yield Buffer.alloc(2 ** 20);
    yield Buffer.alloc(2 ** 20);
  };
  const error = await collect(cutIntoParts(bytes(), { expectedBytes: 1e12, spool: async () => directory })).catch(
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof StepError, String(error));
  assert.match(error.message, /^a part of the upload cannot be kept in .*part-1: E/);
  return error;
}
const elsewhere = "set scratch_directory to another place";

describe("a part that cannot be kept", () => {
  it("for lack of space is told so", needs("root"), async (t) => {
    const { reason, details } = await failureIn(mountTmpfs(t, "1m"));
    assert.deepEqual([reason, details.advice], ["space", `free space there, or ${elsewhere}`]);
  });

  it("is not blamed on space where the file system is read-only, or the folder is gone", needs("root"), async (t) => {
    const readOnly = mountTmpfs(t, "1m");
    remount(readOnly, "ro");
    const one = await failureIn(readOnly);
    assert.deepEqual([one.reason, one.details.advice], ["config", `remount it read-write, or ${elsewhere}`]);
    const other = await failureIn(join(temporaryDirectory(t), "none"));
    assert.deepEqual([other.reason, other.details.advice], ["source", `see that it is mounted, or ${elsewhere}`]);
  });
});

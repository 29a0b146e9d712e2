import assert from "node:assert/strict";
import { chmodSync, lutimesSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { StepError } from "../../../src/model/run/outcome.ts";
import { compareTrees } from "../../../src/tools/files/compare-trees.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const signal = new AbortController().signal;
const odd = Buffer.from([0xff, 0x0a, 0x61]);

function tree(t: TestContext): string {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, "a"));
  mkdirSync(join(root, "z"));
  writeFileSync(join(root, "a", "file"), "content");
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), odd]), "odd");
  symlinkSync("nowhere", join(root, "link"));
  settle(root);
  return root;
}

/** Everything is of the same time. */
function settle(root: string): void {
  for (const name of ["a/file", "a", "z"]) utimesSync(join(root, name), 1, 1);
  utimesSync(Buffer.concat([Buffer.from(`${root}/`), odd]), 1, 1);
  lutimesSync(join(root, "link"), 1, 1);
}

describe("two folders", () => {
  it("that hold the same are the same: files and bytes are told", async (t) => {
    assert.deepEqual(await compareTrees(tree(t), tree(t), signal), { files: 2, bytes: 10 });
  });

  const changes: Readonly<Record<string, readonly [(root: string) => void, RegExp]>> = {
    "a file more": [
      (root) => {
        writeFileSync(join(root, "z", "more"), "");
        settle(root);
      },
      /"z\/more" .*on one side only/,
    ],
    "a file less": [
      (root) => {
        rmSync(join(root, "a", "file"));
        utimesSync(join(root, "a"), 1, 1);
      },
      /"a\/file" .*on one side only/,
    ],
    "the last one missing": [(root) => rmSync(join(root, "z"), { recursive: true }), /"z" .*on one side only/],
    "another content of the same size": [
      (root) => {
        writeFileSync(join(root, "a", "file"), "CONTENT");
        settle(root);
      },
      /"a\/file" .*its content is another/,
    ],
    "another size": [
      (root) => {
        writeFileSync(join(root, "a", "file"), "longer content");
        settle(root);
      },
      /"a\/file" .*its size is 14, it was 7/,
    ],
    "another mode": [(root) => chmodSync(join(root, "a"), 0o700), /"a" .*its mode is 40700, it was 40755/],
    "another time": [
      (root) => utimesSync(join(root, "z"), 2, 2),
      /"z" .*its modification time is 2000000000, it was 1000000000/,
    ],
    "another kind": [
      (root) => {
        rmSync(join(root, "a", "file"));
        symlinkSync("content", join(root, "a", "file"));
        utimesSync(join(root, "a"), 1, 1);
      },
      /"a\/file" .*its mode is 120777/,
    ],
    "another target of a link": [
      (root) => {
        rmSync(join(root, "link"));
        symlinkSync("NOWHERE", join(root, "link"));
        settle(root);
      },
      /"link" .*its content is another/,
    ],
  };
  for (const [what, [change, message]] of Object.entries(changes)) {
    it(`differ by ${what}, on whichever side it is`, async (t) => {
      const [plain, changed] = [tree(t), tree(t)];
      change(changed);
      await assert.rejects(compareTrees(plain, changed, signal), (error: StepError) => {
        assert.match(error.message, message);
        return error.reason === "verification";
      });
      await assert.rejects(compareTrees(changed, plain, signal), (error: StepError) => error.reason === "verification");
    });
  }

  it("of which one cannot be read are not taken for the same", async (t) => {
    const gone = join(temporaryDirectory(t), "gone");
    await assert.rejects(compareTrees(gone, gone, signal), (error: StepError) => error.reason === "source");
  });

  it("are not compared any further when that is cancelled", async (t) => {
    const root = tree(t);
    await assert.rejects(
      compareTrees(root, root, AbortSignal.abort()),
      (error: StepError) => error.reason === "cancelled",
    );
  });
});

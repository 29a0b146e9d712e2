import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type NixValue, nixLines, withComment, writeNix } from "../../../src/model/layout/nix.ts";
import { needs } from "../../support/components.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { evaluateNix } from "../../support/nix.ts";

describe("a Nix value as text", () => {
  it("is written for people", () => {
    const value = {
      disko: {
        devices: withComment(["What\nit is."], {
          "@home": { size: "1G" },
          list: ["a", -1, true],
          none: undefined,
          empty: {},
        }),
      },
    };
    assert.equal(
      writeNix(value),
      `{
  # What it is.
  disko.devices = {
    "@home".size = "1G";
    list = [ "a" (-1) true ];
    empty = { };
  };
}`,
    );
  });

  it("breaks a list that is too long, and keeps lines as lines", () => {
    const words = Array.from({ length: 30 }, (_, index) => `word ${index}`);
    assert.match(writeNix({ words }), /^ {2}words = \[\n {4}"word 0"\n/m);
    assert.equal(writeNix({ hook: nixLines(["a", "b"]) }), "{\n  hook = ''\n    a\n    b\n  '';\n}");
  });

  it("means to Nix what it was", { ...needs("nix"), timeout: 120_000 }, (t) => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("${x}", "''", "'", "\\", "\n", "$${", "''${a}", "if", '"', "#"),
      fc.string(),
    );
    const name = text.filter((each) => !each.includes("\0"));
    const leaf = fc.oneof(name, fc.integer({ min: -1000, max: 1000 }), fc.boolean());
    const value = fc.letrec<{ value: NixValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(name, tie("value"), { maxKeys: 4 }),
      ),
    })).value;
    const values = fc.sample(fc.dictionary(name, value, { maxKeys: 4 }), { numRuns: 150, seed: 5 });
    const lines = ["a''b", "${x}", "''${y}", "  indented", "'", "\\n", "$$"];
    const written = [...values.map((each) => writeNix(each)), writeNix(nixLines(lines))];
    // Nix itself compares: what it prints as JSON could be changed on the way back.
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, "values.json"), JSON.stringify([...values, `${lines.join("\n")}\n`]));
    const file = join(directory, "values.nix");
    writeFileSync(
      file,
      `let
        written = [\n${written.map((text) => `(${text})`).join("\n")}\n];
        meant = builtins.fromJSON (builtins.readFile ./values.json);
      in builtins.genList (n: builtins.elemAt written n == builtins.elemAt meant n) (builtins.length written)`,
    );
    const same = evaluateNix(t, file) as boolean[];
    assert.equal(same.length, written.length);
    assert.deepEqual(
      written.filter((_, index) => same[index] !== true),
      [],
    );
  });
});

import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigError, formatProblems } from "../../src/config/problems.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { load, problemsOf, refusalOf, sampleText } from "./sample.ts";

describe("a file that is no configuration", () => {
  const refused = (file: string): ConfigError => {
    try {
      loadConfig(file, { runners: [] });
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
    throw new Error("it was accepted");
  };

  it("is missing: the sentence says how to write one", (t) => {
    const file = join(temporaryDirectory(t), "pantheros.yaml");
    assert.equal(
      formatProblems(refused(file), { colour: false }),
      `${file}: there is no such file\n      = write one with: pantheros init, or name another with --config FILE\n`,
    );
  });

  it("is a directory", (t) =>
    assert.equal(refused(temporaryDirectory(t)).problems[0]?.message, "this is a directory, not a file"));

  it("cannot be read", (t) => {
    const file = join(temporaryDirectory(t), "pantheros.yaml");
    writeFileSync(file, "host: home\n");
    chmodSync(file, 0);
    const denied = Object.assign(new Error("EACCES"), { code: "EACCES" });
    // Root may read anything: the refusal of the system is played.
    assert.deepEqual(
      problemsOf("", {
        readFile: () => {
          throw denied;
        },
      }),
      ["1:1 : the file cannot be read: permission denied (run as a user who may read it)"],
    );
  });

  it("is 10 MB: it is not even parsed", (t) => {
    const file = join(temporaryDirectory(t), "pantheros.yaml");
    writeFileSync(file, "a: b\n".repeat(2_000_000));
    assert.equal(refused(file).problems[0]?.message, "the file is larger than 1 MiB");
  });

  it("never ends", () => {
    assert.equal(refused("/dev/zero").problems[0]?.message, "the file is larger than 1 MiB");
  });

  it("is not UTF-8: the line is named", () => {
    const bytes = Buffer.from("host: home\ndescription: caf\xe9\n", "latin1");
    assert.deepEqual(problemsOf(bytes), [
      "2:1 : the file is not UTF-8: line 2 holds bytes that are no text (save it as UTF-8, or convert it: iconv -f ISO-8859-1 -t UTF-8)",
    ]);
  });

  for (const [name, text] of Object.entries({
    nothing: "",
    "white space": " \n\n",
    comments: "# only\n",
    null: "~\n",
  })) {
    it(`holds ${name}`, () =>
      assert.deepEqual(
        problemsOf(text).map((line) => line.slice(line.indexOf(" "))),
        [" : the file is empty (write one with: pantheros init)"],
      ));
  }

  for (const [name, text] of Object.entries({ list: "- host: home\n", text: "hello\n", number: "5\n" })) {
    it(`is a ${name} at the top`, () =>
      assert.deepEqual(problemsOf(text), [
        "1:1 : the file must hold a map of sections: host, subvolumes, repositories, jobs, … (begin with: host: NAME)",
      ]));
  }
});

describe("a file that means harm", () => {
  it("multiplies its anchors: it is refused at the alias that goes too far", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 12; level += 1) {
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(", ")}]`);
    }
    const [problem, ...others] = refusalOf(lines.join("\n")).problems;
    assert.deepEqual(others, []);
    assert.equal(problem?.line, 4);
    assert.match(problem?.message ?? "", /stand for more than 10000 values: anchors that multiply are refused/);
  });

  it("has an anchor that contains itself", () => {
    assert.deepEqual(problemsOf("host: home\njobs: &a { b: *a }\n"), [
      "2:15 jobs.b: this alias stands for something that contains it (write it out)",
    ]);
  });

  for (const [name, depth] of Object.entries({ deep: 65, deeper: 5_000, "as deep as it can": 100_000 })) {
    it(`nests ${name}`, () =>
      assert.match(refusalOf("[".repeat(depth) + "]".repeat(depth)).problems[0]?.message ?? "", /^nested/));
  }

  it("has 100 000 keys, once and twice", () => {
    const keys = Array.from({ length: 50_000 }, (_, index) => `k${index}: 1\n`).join("");
    const error = refusalOf(keys + keys.slice(0, 400_000));
    assert.equal(error.problems.length, 100);
    assert.ok(error.omitted > 49_000);
  });
});

describe("whatever is written", () => {
  const sound = (text: string | Uint8Array) => {
    try {
      load(text);
    } catch (error) {
      assert.ok(error instanceof ConfigError, `threw ${String(error)}`);
      assert.ok(error.problems.length > 0);
      for (const problem of error.problems) {
        assert.ok(problem.line >= 1 && problem.column >= 1 && problem.message !== "");
        assert.ok(!problem.excerpt || problem.excerpt.start <= problem.excerpt.text.length + 1);
      }
      formatProblems(error, { colour: true });
    }
  };

  it("is loaded or refused with problems, and nothing else is ever thrown", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), sound), { numRuns: 300 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), sound), { numRuns: 200 });
    const yamlPiece = fc.constantFrom(
      "host",
      "jobs",
      "- ",
      ": ",
      "\n",
      "\n  ",
      "\n    ",
      "{",
      "}",
      "[",
      "]",
      ",",
      "&a ",
      "*a",
      "!x ",
      "|",
      ">",
      "'",
      '"',
      "#",
      "?",
      "---\n",
      "\t",
      "${",
      "}",
      "uses",
      "steps",
      "sample.copy",
      "1",
      "~",
    );
    fc.assert(
      fc.property(
        fc.array(yamlPiece, { maxLength: 40 }).map((pieces) => pieces.join("")),
        sound,
      ),
      { numRuns: 400 },
    );
  });

  it("is so too when it is a right configuration with one part exchanged", () => {
    const parts = sampleText.split(/(?<=[\s:{},[\]])/);
    const exchanged = fc
      .tuple(
        fc.nat(parts.length - 1),
        fc.oneof(
          fc.constantFrom("", "~", "[", "]", "{", "}", "*a", "&a ", "- ", "5", "x: ", "\n", "\t", '"', "${"),
          fc.string(),
        ),
      )
      .map(([index, replacement]) => parts.toSpliced(index, 1, replacement).join(""));
    fc.assert(fc.property(exchanged, sound), { numRuns: 400 });
  });

  it("is so too when it is any data of the right sections", () => {
    const sections = fc.constantFrom(
      "host",
      "subvolumes",
      "repositories",
      "destinations",
      "retention",
      "jobs",
      "objectives",
      "outputs",
      "collectors",
      "journal",
      "zebra",
    );
    fc.assert(
      fc.property(fc.dictionary(sections, fc.anything({ withNullPrototype: false })), (data) =>
        sound(JSON.stringify(data)),
      ),
      { numRuns: 300 },
    );
  });
});

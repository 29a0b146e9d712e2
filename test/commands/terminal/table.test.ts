import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import * as fc from "fast-check";
import { createStyle } from "../../../src/commands/terminal/style.ts";
import { formatTable, type TableColumn } from "../../../src/commands/terminal/table.ts";
import { displayWidth } from "../../../src/commands/terminal/text.ts";

const columns: TableColumn[] = [
  { title: "step" },
  { title: "bytes", align: "right" },
  { title: "because", grow: true },
];
const red = (text: string) => `\u001b[31m${text}\u001b[39m`;

suite("a table", () => {
  test("aligns its columns and leaves no blanks at the ends of lines", () => {
    assert.equal(
      formatTable({
        columns,
        rows: [
          ["snap", "1 B", ""],
          ["upload", "12.5 GiB", "too slow"],
        ],
      }),
      ["step       bytes  because", "snap         1 B", "upload  12.5 GiB  too slow"].join("\n"),
    );
  });

  test("counts cells as the terminal shows them: wide characters, emoji, accents, colours", () => {
    const rows = [
      ["漢字", "1", "x"],
      ["👩‍👩‍👧", "1", "x"],
      ["e\u0301", "1", "x"],
      [red("red"), "1", "x"],
      ["ﬀ❤️", "1", "x"],
    ];
    const lines = formatTable({ columns, rows }).split("\n");
    assert.deepEqual(new Set(lines.slice(1).map((line) => displayWidth(line))), new Set([14]));
  });

  test("makes visible what would break it", () => {
    const [, line] = formatTable({ columns, rows: [["a\nb", "1", "\u001b[2J\r\u202e\u0007\u009b1m"]] }).split("\n");
    assert.equal(line, "a\\nb      1  \\x1b[2J\\r\\u202e\\x07\\x9b1m");
  });

  test("gives way in the growing column first, with an ellipsis", () => {
    const rows = [["snapshot", "1 B", "a long explanation of what happened"]];
    const [, line] = formatTable({ columns, rows, width: 30 }).split("\n");
    assert.equal(line, "snapshot    1 B  a long expla…");
    assert.equal(displayWidth(line ?? ""), 30);
  });

  test("breaks sentences where there is room for words, and only them", () => {
    const prose: TableColumn[] = [{ title: "step" }, { title: "because", grow: true, isProse: true }];
    const rows = [
      ["snap", "the snapshot of the documents is there"],
      ["copy", "see /a-path-that-is-longer-than-a-line"],
    ];
    assert.equal(
      formatTable({ columns: prose, rows, width: 28 }),
      [
        "step  because",
        "snap  the snapshot of the",
        "      documents is there",
        "copy  see",
        "      /a-path-that-is-longe…",
      ].join("\n"),
    );
    const [, narrow] = formatTable({ columns: prose, rows, width: 20 }).split("\n");
    assert.equal(narrow, "snap  the snapshot …");
  });

  test("gives way everywhere when that is not enough", () => {
    const rows = [["a-very-long-name-of-a-step", "1 B", "a long explanation"]];
    const widest = Math.max(...formatTable({ columns, rows, width: 24 }).split("\n").map(displayWidth));
    assert.ok(widest <= 24, `${widest}`);
  });

  test("closes a colour that it cuts through", () => {
    const [, line] = formatTable({ columns, rows: [["s", "1", red("a long explanation")]], width: 24 }).split("\n");
    assert.ok(line?.endsWith("…\u001b[0m"), JSON.stringify(line));
  });

  test("is not cut where there is no terminal", () => {
    const long = "x".repeat(500);
    assert.ok(formatTable({ columns, rows: [["s", "1", long]], width: undefined }).endsWith(long));
  });

  test("draws its line in the characters of the locale", () => {
    const lineIn = (LANG: string) =>
      stripVTControlCharacters(
        formatTable({ columns, rows: [], style: createStyle({ isTTY: true }, { LANG }) }).split("\n")[1] ?? "",
      );
    assert.equal(lineIn("de_DE.UTF-8"), "────  ─────  ───────");
    assert.equal(lineIn("C"), "----  -----  -------");
  });

  test("never exceeds a reasonable width and always has a line per row, whatever is in it", () => {
    const cell = fc.string({ unit: "grapheme", maxLength: 60 });
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 22, max: 120 }), (data, width) => {
        const lines = formatTable({ columns, rows: data, width }).split("\n");
        assert.equal(lines.length, data.length + 1);
        for (const line of lines) assert.ok(displayWidth(line) <= width, JSON.stringify(line));
      }),
    );
  });
});

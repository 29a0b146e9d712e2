import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { monthReport } from "../../../src/engine/month-report.ts";
import type { MonthReport } from "../../../src/model/objective/month-report.ts";
import { parseMonth } from "../../../src/model/time/month.ts";
import { htmlReport } from "../../../src/outputs/report/html.ts";
import { jsonReport } from "../../../src/outputs/report/json.ts";
import { escapeMarkdown, markdownReport } from "../../../src/outputs/report/markdown.ts";
import { stageConfig, stageEnds, stageLedger } from "../../engine/month-stage.ts";
import { assertGolden } from "../../golden/golden.ts";

const october = parseMonth("2026-10", "Europe/Berlin");
assert.ok(october);
const text = (pieces: Iterable<string>) => [...pieces].join("");
/** Stands in the report, and would change the golden files with every release and every new setting. */
const fixed = { version: "0.0.0", configurationHash: "000000000000" };
const renderings = { md: markdownReport, html: htmlReport, json: jsonReport };

describe("the report of a month", () => {
  let report: MonthReport;
  before(() => {
    const ledger = stageLedger();
    report = { ...monthReport(stageConfig, ledger, october, stageEnds), ...fixed };
    ledger.close();
  });

  for (const [name, render] of Object.entries(renderings)) {
    it(`is the same, byte for byte, for the same ledger: ${name}`, () => {
      // All runs of the month would only make the files long.
      assertGolden(`report.${name}`, text(render({ ...report, runs: report.runs.slice(0, 30), unlistedRuns: 160 })));
      const again = { ...monthReport(stageConfig, stageLedger(), october, stageEnds), ...fixed };
      assert.equal(text(render(again)), text(render(report)));
    });
  }

  it("is one page that needs nothing else and runs nothing", () => {
    const page = text(htmlReport(report));
    assert.doesNotMatch(page, /<script|<link|<img|<iframe|@import|url\(|\son\w+=|(?:src|href)="(?!#)/i);
    assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
  });

  it("leads from every figure to a run of the appendix", () => {
    const page = text(htmlReport(report));
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    assert.ok(links.length > 10);
    for (const link of links) assert.ok(ids.has(link), `${link} leads nowhere`);
    assert.equal([...page.matchAll(/ id="/g)].length, ids.size, "an id stands twice");
  });

  it("gives every picture a title and a description", () => {
    const page = text(htmlReport(report));
    const pictures = [
      ...page.matchAll(
        /<svg [^>]*aria-labelledby="(\S+) (\S+)">\n<title id="(\S+)">[^<]+<\/title><desc id="(\S+)">[^<]+<\/desc>/g,
      ),
    ];
    assert.equal(pictures.length, page.split("<svg").length - 1);
    for (const [, title, about, titleId, aboutId] of pictures) assert.deepEqual([title, about], [titleId, aboutId]);
  });

  it("is one JSON document with every run in it", () => {
    const parsed = JSON.parse(text(jsonReport(report)));
    assert.equal(parsed.format, "pantheros-report/1");
    assert.equal(parsed.runs.length, report.runs.length);
    assert.deepEqual(JSON.parse(text(jsonReport({ ...report, runs: [] }))).runs, []);
  });

  it("says how many runs it does not list", () => {
    assert.match(
      text(markdownReport({ ...report, unlistedRuns: 7 })),
      /7 earlier runs of the month are counted in all figures/,
    );
  });
});

describe("names and messages of any kind in a report", () => {
  const hostile = "</td><script>alert(1)</script>|`*_[x](javascript:y)\"'&amp;\n\u001b[31m\u202e\ud800 # $";
  const ledger = stageLedger();
  const whole = monthReport(stageConfig, ledger, october, stageEnds);
  const [run, job] = [whole.runs[0], whole.jobs[0]];
  assert.ok(run && job);
  const report: MonthReport = {
    ...whole,
    host: hostile,
    unknown: [hostile],
    jobs: [{ ...job, job: hostile, description: hostile }],
    runs: [
      {
        ...run,
        id: hostile,
        job: hostile,
        message: hostile,
        outcome: "failed",
        artifacts: [hostile],
        evidence: [hostile],
      },
    ],
  };

  it("are text in HTML, and nothing in them is hidden", () => {
    const page = text(htmlReport(report));
    assert.doesNotMatch(page, /<script/);
    for (const hidden of ["\u001b", "\u202e", "\ud800"]) assert.ok(!page.includes(hidden));
    assert.match(
      page,
      /&lt;\/td&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;\|`\*_\[x\]\(javascript:y\)&quot;&#39;&amp;amp;\\n\\x1b\[31m\\u202e\ufffd/,
    );
  });

  it("are text in Markdown, on one line, and do not end a cell", () => {
    const written = escapeMarkdown(hostile);
    assert.doesNotMatch(written, /[\n<>]|(?<!\\)[|`*_[\]#$]/);
    for (const hidden of ["\u001b", "\u202e"]) assert.ok(!written.includes(hidden));
    // What is drawn with characters stands in a fenced block, where nothing is markup.
    const page = text(markdownReport(report)).replaceAll(/^```text\n[^`]*^```$/gm, "");
    assert.doesNotMatch(page, /<script|```/);
    for (const row of page.split("\n").filter((line) => line.startsWith("| "))) {
      assert.match(row, / \|$/);
    }
  });

  it("do not begin a list or a heading", () => {
    for (const start of ["- a", "+ a", "1. a", "2) a", "# a", "> a", "= a"])
      assert.match(escapeMarkdown(start), /^(?:\d+)?[\\&]/);
    assert.equal(escapeMarkdown("93.5 %, 2.6 GiB"), "93.5 %, 2.6 GiB");
  });

  it("survive as they are in JSON", () => {
    const parsed = JSON.parse(text(jsonReport(report)));
    assert.equal(parsed.runs[0].message, hostile);
  });
});

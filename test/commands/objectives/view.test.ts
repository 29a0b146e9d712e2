import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ObjectiveView, objectivesText, objectiveText } from "../../../src/commands/objectives/view.ts";

const now = 1_795_251_600;
const late = "job home: 1d 2h older than promised, since nobody was there to see that the disk of the laptop was full";
const run = "20261121T163608Z-muy3";
const view: ObjectiveView = {
  name: "data",
  verdict: "broken",
  judgements: [
    {
      ...{ promise: "rpo", verdict: "broken", promised: 86_400, measured: 180_000, at: now - 180_000, why: late },
      advice: "pantheros run home",
    },
    { promise: "copies", verdict: "holds", promised: 1, measured: 1, at: now, why: "the original", advice: null },
  ],
  evidence: { rpo: null, rto: null, copies: null, places: [], retention: [], budget: null },
  steps: [
    {
      ...{ job: "home", step: "files", uses: "backup.restic", kind: "backup", target: "main", run },
      ...{ runStartedAt: now - 180_000, finishedAt: now, artifacts: ["snapshot abcdef01 in main"] },
      ...{ proof: { state: "proven", why: "seen at 2026-11-21 16:36 UTC" }, recoverySeconds: null },
    },
  ],
};
const at = (columns?: number) => ({
  stdout: { columns } as NodeJS.WriteStream,
  environment: { LANG: "C.UTF-8" },
});

describe("objectives in a terminal", () => {
  it("of 80 columns keeps figures and verdicts whole, and says below in full why one does not hold", () => {
    const text = objectivesText([view], now, at(80));
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    assert.match(text, /^data +recovery point +at most 1d +2d 2h +2d 2h ago +broken$/m);
    assert.doesNotMatch(text, /…/);
    assert.ok(text.replaceAll(/\s+/g, " ").includes(`data, recovery point (RPO): ${late} → pantheros run home`));
  });

  it("that is wide, or none at all, has the reason beside the figures", () => {
    assert.match(
      objectivesText([view], now, at()),
      /recovery point \(RPO\) +at most 1d .* broken +job home: 1d 2h older/,
    );
  });

  it("never cuts the id of a run: it is there to be copied", () => {
    for (const columns of [80, 160]) assert.ok(objectiveText(view, now, at(columns)).includes(run), `${columns}`);
  });
});

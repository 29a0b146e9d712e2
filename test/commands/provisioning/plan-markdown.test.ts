import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { appliedMarkdown, planMarkdown } from "../../../src/commands/provisioning/plan-markdown.ts";
import { planText } from "../../../src/commands/provisioning/plan-view.ts";
import { createStyle } from "../../../src/commands/terminal/style.ts";
import { StepError } from "../../../src/model/run/outcome.ts";
import type { Plan, PlanStep } from "../../../src/provision/plan.ts";

const step = (id: string, own: Partial<PlanStep> = {}): PlanStep => ({
  kind: "monitor",
  id,
  action: "update",
  origin: "code",
  differences: [{ path: "message", before: "old", after: "new" }],
  remoteId: "7",
  file: null,
  renamedTo: null,
  ...own,
});
const planOf = (...steps: readonly PlanStep[]): Plan => ({
  stack: "hosts",
  installation: null,
  place: "datadoghq.eu",
  organization: null,
  only: null,
  steps,
  basis: { desired: {}, remote: {} },
});
const plain = createStyle({ isTTY: false } as NodeJS.WriteStream, {});

describe("a plan as Markdown", () => {
  it("says of each change where it has come from", () => {
    const text = planMarkdown(
      planOf(
        step("a"),
        step("b", { origin: "remote" }),
        step("c", { origin: "both" }),
        step("d", { origin: "unknown" }),
        step("e", { origin: "adopted" }),
        step("f", { action: "orphan", origin: null, differences: [] }),
        step("g", { action: "create", origin: null }),
      ),
      "monitors",
    );
    const changed = text.split("\n").flatMap((line) => {
      const [, , , id, from] = line.split("|").map((cell) => cell.trim());
      return id?.startsWith("monitor") ? [`${id.slice(9, 10)} ${from}`] : [];
    });
    assert.deepEqual(changed, [
      "a definition",
      "b edited in Datadog",
      "c definition, and edited in Datadog",
      "d not known: definition or Datadog",
      "e adopted",
      "f no longer defined",
      "g definition",
    ]);
  });

  it("is never cut within a change: what does not fit is left out as a whole, counted, and named with where to see it", () => {
    const long = { differences: [{ path: "message", before: "old", after: "long line\n".repeat(900) }] };
    const ids = Array.from({ length: 20 }, (_, index) => `alert-${index}`);
    const text = planMarkdown(planOf(...ids.map((id) => step(id, long)), step("short")), "monitors");
    assert.ok(text.length <= 60_000, String(text.length));
    const count = (what: RegExp) => text.match(what)?.length ?? 0;
    assert.equal(count(/<details>/g), count(/<\/details>/g));
    assert.equal(count(/^```/gm), 2 * count(/<details>/g));
    assert.match(text, /<summary>monitor short<\/summary>/, "what still fits is there");
    assert.equal(count(/^\| `~`/gm), 21, "each has its row");
    const left = 21 - count(/<details>/g);
    assert.ok(
      text.endsWith(`the details of ${left} of 21 are left out. All: \`pantheros monitors plan --stack hosts --json\``),
    );
    assert.ok(left > 5 && left < 20);
  });

  it("leaves rows out where even they are too many", () => {
    const ids = Array.from({ length: 3000 }, (_, index) => `alert-${index}`);
    const text = planMarkdown(planOf(...ids.map((id) => step(id))), "monitors");
    assert.ok(text.length <= 60_000);
    assert.match(text, /: \d+ of 3000 rows and the details of \d+ of 3000 are left out/);
  });

  it("of a sync lists what was written with its id, and why the rest was not", () => {
    const applied = [
      { step: step("a", { action: "create", remoteId: "12" }), outcome: "done", failure: null },
      { step: step("b"), outcome: "failed", failure: new StepError("network", "it is away", { advice: "wait" }) },
    ] as const;
    const text = appliedMarkdown(applied, planOf(...applied.map((each) => each.step)), "monitors");
    assert.match(text, /\*\*1 written, 1 failed, 0 blocked, 0 cancelled\*\*/);
    assert.match(text, /^\| `\+` \| created \| monitor `a` \| `12` \|$/m);
    assert.match(text, /^\| `~` \| failed \| monitor `b` \| `7` \|$/m);
    assert.match(text, /^- failed: monitor b: .*it is away/m);
  });
});

describe("widgets of a dashboard in a plan", () => {
  const widget = (title: string, query: string) => ({ definition: { type: "timeseries", title, requests: query } });
  const widgets = {
    path: "widgets",
    before: [widget("Runs", "a"), widget("Old", "b"), widget("Same", "c")],
    after: [widget("Runs", "z"), widget("Same", "c"), widget("One", "d"), widget("Two", "e")],
  };
  const plan = planOf(step("jobs", { kind: "dashboard", differences: [widgets] }));

  it("are told one by one on a terminal", () => {
    const text = planText(plan, "dashboards", plain);
    assert.match(text, /widgets: 2 added, 1 removed, 1 changed\n/);
    assert.match(text, / {8}~ Runs \(timeseries\)\n +requests: "a" → "z"\n {8}\+ One \(timeseries\)\n/);
    assert.match(text, / {8}- Old \(timeseries\)/);
    assert.doesNotMatch(text, /Same/);
  });

  it("are told one by one in Markdown", () => {
    const text = planMarkdown(plan, "dashboards");
    assert.match(
      text,
      /@@ widgets: 2 added, 1 removed, 1 changed @@\n@@ Runs \(timeseries\): requests @@\n-a\n\+z\n\+ One/,
    );
    assert.doesNotMatch(text, /Same/);
  });
});

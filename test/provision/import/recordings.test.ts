import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readImported, writeImported } from "../../../src/provision/import/folder.ts";
import { importMonitor } from "../../../src/provision/import/import.ts";
import { makePlan, markedBody, type PlanStep } from "../../../src/provision/plan.ts";
import type { RemoteResource, Resource } from "../../../src/provision/resource.ts";
import { type Body, isBody } from "../../../src/provision/resource.ts";
import { hasRecordings, recordings } from "../fake-datadog/shape.ts";

const skip = hasRecordings ? false : "the recordings of Datadog are not here (../shared/datadog)";

/** What cannot be expressed; everything else must come through. */
const refusals = {
  "a result of a search, which is half a monitor": /^it is a result of a search/,
  "a threshold that only its query has": /^it has no critical threshold/,
  "assets of a shape that Datadog's client does not know": /client does not know assets/,
} as const;

describe("every recorded monitor is imported, or named with its reason", { skip }, () => {
  it("comes back equal, so that adopting it adds our tags and nothing else", async (t) => {
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    const monitors = recordedMonitors();
    for (const body of monitors) {
      const result = await importMonitor({ place: "a recording", body, problems: [] });
      if ("reasons" in result) {
        const [reason = ""] = result.reasons;
        const known = Object.entries(refusals).find(([, pattern]) => pattern.test(reason));
        assert.ok(known, `${String(body["name"])}: ${result.reasons.join("; ")}`);
        count(`not: ${known[0]}`);
        continue;
      }
      const kept = readImported(writeImported(result), "file");
      const definition: Resource = { kind: "monitor", id: result.id, needs: [], body: kept.body };
      const remote: RemoteResource = { kind: "monitor", remoteId: String(body["id"]), modified: "", body };
      const mark = { stack: "hosts", id: result.id, applied: null };
      const before = planOf([], definition, [{ ...remote, mark, isAdopted: true }]);
      assert.deepEqual([before.action, before.origin], ["update", "adopted"]);
      assert.deepEqual(tagsAdded(before), [
        "managed_by:pantheros",
        `pantheros_id:${result.id}`,
        "pantheros_stack:hosts",
      ]);
      const { tags = [] } = markedBody(definition, "hosts", new Map());
      const after = planOf([{ ...remote, body: { ...body, tags } }], definition);
      assert.deepEqual([after.action, after.differences], ["unchanged", []]);
      count(`equal: ${String(body["type"])}`);
    }
    assert.ok(monitors.length > 50);
    t.diagnostic(JSON.stringify(Object.fromEntries([...counts].toSorted())));
  });
});

function planOf(
  remote: readonly RemoteResource[],
  definition: Resource,
  adopted: Parameters<typeof makePlan>[0]["adopted"] = [],
): PlanStep {
  const { plan } = makePlan({ stack: "hosts", place: "recorded", desired: [definition], remote, adopted });
  return plan.steps[0] as PlanStep;
}

function tagsAdded({ differences }: PlanStep): readonly unknown[] {
  assert.deepEqual(
    differences.map(({ path }) => path),
    ["tags"],
  );
  const [{ before, after } = { before: [], after: [] }] = differences;
  assert.ok(Array.isArray(after));
  const old = Array.isArray(before) ? before : [];
  assert.ok(old.every((tag) => after.includes(tag)));
  return after.filter((tag) => !old.includes(tag)).toSorted();
}

function recordedMonitors(): readonly Body[] {
  const text = readFileSync(join(recordings, "monitors.json"), "utf8");
  const file = JSON.parse(text) as {
    recordings: { interactions: { response: { body: { value: string | null } } }[] }[];
  };
  const answers = file.recordings.flatMap(({ interactions }) =>
    interactions.map(({ response }) => response.body.value ?? ""),
  );
  return answers.filter((answer) => /^\s*[[{]/.test(answer)).flatMap((answer) => monitorsOf(JSON.parse(answer)));
}

function monitorsOf(value: unknown): readonly Body[] {
  if (Array.isArray(value)) return value.flatMap(monitorsOf);
  if (!isBody(value)) return [];
  return "query" in value && "type" in value && "id" in value ? [value] : Object.values(value).flatMap(monitorsOf);
}

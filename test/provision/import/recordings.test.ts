import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formOf } from "../../../src/provision/forms.ts";
import { readImported, writeImported } from "../../../src/provision/import/folder.ts";
import { importOne } from "../../../src/provision/import/import.ts";
import type { Importable, ImportedKind } from "../../../src/provision/import/importable.ts";
import { importables } from "../../../src/provision/import/kinds.ts";
import { makePlan, markedBody, type PlanStep } from "../../../src/provision/plan.ts";
import type { RemoteResource, Resource } from "../../../src/provision/resource.ts";
import { type Body, isBody } from "../../../src/provision/resource.ts";
import { hasRecordings, recordings } from "../fake-datadog/shape.ts";

const skip = hasRecordings ? false : "the recordings of Datadog are not here (../shared/datadog)";

/** What cannot be expressed; everything else must come through. */
const refusals: Readonly<Record<ImportedKind, Readonly<Record<string, RegExp>>>> = {
  monitor: {
    "a result of a search, which is half a monitor": /^it is a result of a search/,
    "a threshold that only its query has": /^it has no critical threshold/,
    "assets of a shape that Datadog's client does not know": /client does not know assets/,
  },
  dashboard: {
    "a line of a listing, without widgets": /^it is a line of a listing/,
    "a title of which no id can be made": /^its title has no letter or digit.*--as ID$/,
    "a field that nobody has described": /^experience_type is not known here/,
  },
};
/** The field in which a kind carries our mark. */
const marked = { monitor: "tags", dashboard: "description" } as const;

for (const importable of Object.values(importables)) {
  describe(`every recorded ${importable.kind} is imported, or named with its reason`, { skip }, () => {
    it("comes back equal, so that adopting it adds our mark and nothing else", async (t) => {
      const counts = new Map<string, number>();
      const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
      const bodies = recorded(importable.kind);
      for (const body of bodies) count(await outcomeOf(importable, body));
      assert.ok(bodies.length > 50);
      t.diagnostic(JSON.stringify(Object.fromEntries([...counts].toSorted())));
    });
  });
}

async function outcomeOf(importable: Importable, body: Body): Promise<string> {
  const { kind, title } = importable;
  const result = await importOne(importable, { place: "a recording", body, problems: [] });
  if ("reasons" in result) {
    const [reason = ""] = result.reasons;
    const known = Object.entries(refusals[kind]).find(([, pattern]) => pattern.test(reason));
    assert.ok(known, `${String(body[title])}: ${result.reasons.join("; ")}`);
    return `not: ${known[0]}`;
  }
  assert.equal(result.adopts, String(body["id"]));
  const kept = readImported(importable, writeImported(importable, result), "file");
  const definition: Resource = { kind, id: result.id, needs: [], body: kept.body };
  const remote: RemoteResource = { kind, remoteId: String(body["id"]), modified: "", body };
  const mark = { stack: "hosts", id: result.id, applied: null };
  const before = planOf([], definition, [{ ...remote, mark, isAdopted: true }]);
  assert.deepEqual([before.action, before.origin], ["update", "adopted"]);
  assert.deepEqual(
    before.differences.map(({ path }) => path),
    [marked[kind]],
  );
  const owner = { stack: "hosts", installation: null };
  const field = marked[kind];
  const after = { ...body, [field]: markedBody(definition, owner, new Map())[field] ?? null };
  const { identity, normal } = formOf(kind);
  assert.deepEqual(normal(identity.remove(after)), normal(body), "what was written before the mark is still there");
  assert.deepEqual(identity.read(after)?.id, result.id);
  const synced = planOf([{ ...remote, body: after }], definition);
  assert.deepEqual([synced.action, synced.differences], ["unchanged", []]);
  return `equal: ${String(body["type"] ?? body["layout_type"])}`;
}

function planOf(
  remote: readonly RemoteResource[],
  definition: Resource,
  adopted: Parameters<typeof makePlan>[0]["adopted"] = [],
): PlanStep {
  const { plan } = makePlan({ stack: "hosts", place: "recorded", desired: [definition], remote, adopted });
  return plan.steps[0] as PlanStep;
}

/** Every body of a kind in any answer, whatever it was asked for. */
function recorded(kind: ImportedKind): readonly Body[] {
  const isOne = {
    monitor: (body: Body) => typeof body["query"] === "string" && "type" in body && "id" in body,
    dashboard: (body: Body) => "layout_type" in body && "id" in body && "title" in body,
  }[kind];
  const found = (value: unknown): readonly Body[] => {
    if (Array.isArray(value)) return value.flatMap(found);
    if (!isBody(value)) return [];
    return isOne(value) ? [value] : Object.values(value).flatMap(found);
  };
  return answers()
    .filter((answer) => /^\s*[[{]/.test(answer))
    .flatMap((answer) => found(JSON.parse(answer)));
}

function answers(): readonly string[] {
  const files = readdirSync(recordings).filter((name) => name.endsWith(".json"));
  return files.flatMap((name) => {
    const file = JSON.parse(readFileSync(join(recordings, name), "utf8")) as {
      recordings: { interactions: { response: { body: { value: string | null } } }[] }[];
    };
    return file.recordings.flatMap(({ interactions }) => interactions.map(({ response }) => response.body.value ?? ""));
  });
}

import type { JsonValue } from "../../model/measurement.ts";
import { isBody } from "../../provision/resource.ts";

export interface LineChange {
  readonly sign: "+" | "-" | " ";
  readonly line: string;
}

/** Lines around a change that are shown with it. */
const around = 1;
/** Changed lines beyond which nobody looks for what they have in common: the effort grows with their square. */
const mostEdits = 400;
/** Stands for lines between two changes. */
const gap: LineChange = { sign: " ", line: "…" };

/** A value as lines: text as it is, anything else as JSON in which the order of keys, which means nothing, is always the same; null as `(default)`. */
export function linesOf(value: JsonValue): string {
  if (value === null) return "(default)";
  return typeof value === "string" ? value : JSON.stringify(sorted(value), null, 2);
}

/** What has changed between two texts, line by line, with a line around each change. */
export function lineChanges(before: string, after: string): readonly LineChange[] {
  const [old, wanted] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < wanted.length && old[start] === wanted[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < wanted.length - start && old.at(-1 - end) === wanted.at(-1 - end)) end += 1;
  const same = (line: string): LineChange => ({ sign: " ", line });
  const changed = shortest(old.slice(start, old.length - end), wanted.slice(start, wanted.length - end));
  return hunks([
    ...old.slice(Math.max(0, start - around), start).map(same),
    ...changed,
    ...old.slice(old.length - end, old.length - end + around).map(same),
  ]);
}

/** E. W. Myers, “An O(ND) Difference Algorithm and Its Variations”, 1986: the fewest lines that go and come. */
function shortest(old: readonly string[], wanted: readonly string[]): readonly LineChange[] {
  /** For each number of edits: how far into the old lines each diagonal has come. */
  const steps: Map<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  const from = (diagonal: number, edits: number, far: ReadonlyMap<number, number>) => {
    const [less = -1, more = -1] = [far.get(diagonal - 1), far.get(diagonal + 1)];
    return diagonal === -edits || (diagonal !== edits && less < more) ? diagonal + 1 : diagonal - 1;
  };
  for (let edits = 0; edits <= Math.min(old.length + wanted.length, mostEdits); edits += 1) {
    steps.push(reached);
    const next = new Map(reached);
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const origin = from(diagonal, edits, reached);
      let x = (reached.get(origin) ?? 0) + (origin < diagonal ? 1 : 0);
      while (x < old.length && x - diagonal < wanted.length && old[x] === wanted[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= old.length && x - diagonal >= wanted.length) return walkedBack(old, wanted, steps, from);
    }
    reached = next;
  }
  return [
    ...old.map((line) => ({ sign: "-", line }) as const),
    ...wanted.map((line) => ({ sign: "+", line }) as const),
  ];
}

function walkedBack(
  old: readonly string[],
  wanted: readonly string[],
  steps: readonly ReadonlyMap<number, number>[],
  from: (diagonal: number, edits: number, far: ReadonlyMap<number, number>) => number,
): readonly LineChange[] {
  const changes: LineChange[] = [];
  let [x, y] = [old.length, wanted.length];
  for (let edits = steps.length - 1; edits >= 0; edits -= 1) {
    const far = steps[edits] ?? new Map<number, number>();
    const origin = from(x - y, edits, far);
    const beginX = edits === 0 ? 0 : (far.get(origin) ?? 0);
    const beginY = edits === 0 ? 0 : beginX - origin;
    for (; x > beginX && y > beginY; x -= 1, y -= 1) changes.push({ sign: " ", line: old[x - 1] ?? "" });
    if (x > beginX) changes.push({ sign: "-", line: old[x - 1] ?? "" });
    else if (y > beginY) changes.push({ sign: "+", line: wanted[y - 1] ?? "" });
    [x, y] = [beginX, beginY];
  }
  return changes.reverse();
}

/** Only what has changed and a line around it; empty lines that stay tell nothing. */
function hunks(changes: readonly LineChange[]): readonly LineChange[] {
  const isChange = (change: LineChange | undefined) => change !== undefined && change.sign !== " ";
  const isNear = (index: number) =>
    changes.slice(Math.max(0, index - around), index + around + 1).some(isChange) &&
    (isChange(changes[index]) || changes[index]?.line.trim() !== "");
  const shown = changes.flatMap((_, index) => (isNear(index) ? [index] : []));
  return shown.flatMap((index, position) => {
    const last = shown[position - 1];
    const change = changes[index] as LineChange;
    const left = last === undefined ? [] : changes.slice(last + 1, index);
    return left.some(({ line }) => line.trim() !== "") ? [gap, change] : [change];
  });
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isBody(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inside]) => [name, sorted(inside)]),
  );
}

import type { JsonValue } from "../../model/measurement.ts";
import { type Difference, differencesOf } from "../../provision/difference.ts";
import { isSame } from "../../provision/normal-form.ts";
import { type Body, isBody } from "../../provision/resource.ts";

/** What has become of one widget. */
export interface WidgetChange {
  readonly sign: "+" | "-" | "~";
  /** `Jobs / Failed runs (timeseries)`: the group that it is in, its title and its type. */
  readonly name: string;
  /** Of one that stays: the fields that change. */
  readonly differences: readonly Difference[];
}

export interface WidgetChanges {
  readonly changes: readonly WidgetChange[];
  /** Widgets that stand elsewhere and are otherwise the same. */
  readonly moved: number;
}

interface Widget {
  readonly group: string;
  readonly title: string;
  readonly type: string;
  /** Without the widgets in it, which are in the list themselves. */
  readonly definition: Body;
  readonly layout: JsonValue;
}

/** Which widget was which: the surest likeness first, since each is taken once. */
const likenesses: readonly ((one: Widget, other: Widget) => boolean)[] = [
  (one, other) => hasPlaceOf(one, other) && isSame(one.definition, other.definition),
  hasPlaceOf,
  (one, other) => isSame(one.definition, other.definition),
  (one, other) => one.title !== "" && one.title === other.title && one.type === other.type,
  (one, other) => one.group === other.group && isSame(untitled(one), untitled(other)),
];

/** What changes between two lists of widgets, each with those in its groups; null: these are no widgets. */
export function widgetChanges(before: JsonValue, after: JsonValue): WidgetChanges | null {
  const [old, wanted] = [widgetsIn(before), widgetsIn(after)];
  if (old === null || wanted === null) return null;
  const was = twinsOf(wanted, old);
  const kept = new Set(was.values());
  // Those in a group that has another title now stand where they stood.
  const groups = new Map(
    [...was].flatMap(([{ type, title }, twin]) => (type === "group" ? [[twin.title, title]] : [])),
  );
  let moved = 0;
  const changes = wanted.flatMap((widget): WidgetChange[] => {
    const twin = was.get(widget);
    if (twin === undefined) return [{ sign: "+", name: nameOf(widget), differences: [] }];
    const differences = differencesOf(twin.definition, widget.definition);
    if (differences.length > 0) return [{ sign: "~", name: nameOf(twin), differences }];
    if ((groups.get(twin.group) ?? twin.group) !== widget.group || !isSame(twin.layout, widget.layout)) moved += 1;
    return [];
  });
  const gone = old.filter((widget) => !kept.has(widget));
  return {
    changes: [...changes, ...gone.map((widget) => ({ sign: "-", name: nameOf(widget), differences: [] }) as const)],
    moved,
  };
}

/** `1 added, 2 changed, 7 moved`. */
export function widgetSummary({ changes, moved }: WidgetChanges): string {
  const count = (wanted: WidgetChange["sign"]) => changes.filter(({ sign }) => sign === wanted).length;
  const parts = [
    [count("+"), "added"],
    [count("-"), "removed"],
    [count("~"), "changed"],
    [moved, "moved"],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, what]) => `${number} ${what}`);
  return told.join(", ") || "the same ones in another order";
}

/** All of them, those in groups as well; null: something else is among them. */
export function widgetsIn(value: JsonValue, group = ""): readonly Widget[] | null {
  if (value === null) return [];
  if (!Array.isArray(value)) return null;
  const found: Widget[] = [];
  for (const widget of value) {
    if (!isBody(widget) || !isBody(widget["definition"])) return null;
    const { widgets = null, ...definition } = widget["definition"];
    const title = String(definition["title"] ?? "");
    const inside = widgetsIn(widgets, title);
    if (inside === null) return null;
    found.push({ group, title, type: String(definition["type"]), definition, layout: widget["layout"] ?? null });
    found.push(...inside);
  }
  return found;
}

function twinsOf(wanted: readonly Widget[], old: readonly Widget[]): ReadonlyMap<Widget, Widget> {
  const found = new Map<Widget, Widget>();
  const left = new Set(old);
  for (const isLike of likenesses) {
    for (const widget of wanted) {
      const twin = found.has(widget) ? undefined : [...left].find((other) => isLike(widget, other));
      if (twin === undefined) continue;
      found.set(widget, twin);
      left.delete(twin);
    }
  }
  return found;
}

function hasPlaceOf(one: Widget, other: Widget): boolean {
  return one.group === other.group && one.title === other.title && one.type === other.type;
}

function untitled({ definition: { title: _, ...rest } }: Widget): Body {
  return rest;
}

function nameOf({ group, title, type }: Widget): string {
  return `${[group, title].filter((part) => part !== "").join(" / ") || "without a title"} (${type})`;
}

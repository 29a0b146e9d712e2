import type { JsonValue } from "../../model/measurement.ts";
import { isSame } from "../normal-form.ts";
import { type Body, isBody } from "../resource.ts";

/** Widgets without what Datadog counts them by, and without what is null, which is as good as absent. */
export function bareWidgets(value: JsonValue): JsonValue {
  if (!Array.isArray(value)) return value;
  return value.map((widget) => (isBody(widget) ? bareWidget(widget) : widget));
}

/** Ids of ours stay at the widgets that they are of, since links to a widget and the places where it was pasted name it by its id. */
export function keepWidgetIds(body: Body, remote: Body): Body {
  return body["widgets"] === undefined ? body : { ...body, widgets: withIds(body["widgets"], remote["widgets"]) };
}

function withIds(wanted: JsonValue, remote: JsonValue | undefined): JsonValue {
  if (!Array.isArray(wanted)) return wanted;
  const left = Array.isArray(remote) ? remote.filter(isBody) : [];
  const found = new Map<JsonValue, Body>();
  // Who is the same comes first: a widget that was moved keeps its id from one that has taken its title.
  for (const isTwin of [isEqual, hasTitle]) {
    for (const widget of wanted.filter(isBody)) {
      const index = found.has(widget) ? -1 : left.findIndex((other) => isTwin(widget, other));
      const [twin] = index === -1 ? [] : left.splice(index, 1);
      if (twin !== undefined) found.set(widget, twin);
    }
  }
  return wanted.map((widget) => {
    const twin = found.get(widget);
    return isBody(widget) && twin !== undefined ? withIdOf(widget, twin) : widget;
  });
}

function withIdOf(widget: Body, twin: Body): Body {
  const [definition, theirs] = [definitionOf(widget), definitionOf(twin)];
  const inside = definition["widgets"];
  return {
    ...widget,
    ...(twin["id"] === undefined ? {} : { id: twin["id"] }),
    ...(inside === undefined ? {} : { definition: { ...definition, widgets: withIds(inside, theirs["widgets"]) } }),
  };
}

const definitionOf = ({ definition }: Body): Body => (isBody(definition) ? definition : {});

function isEqual(widget: Body, other: Body): boolean {
  return isSame(bareWidget({ definition: definitionOf(widget) }), bareWidget({ definition: definitionOf(other) }));
}

function hasTitle(widget: Body, other: Body): boolean {
  const [{ type = null, title = null }, theirs] = [definitionOf(widget), definitionOf(other)];
  return theirs["type"] === type && (theirs["title"] ?? null) === title;
}

function bareWidget({ id: _, ...widget }: Body): Body {
  const bare = withoutNull(widget) as Body;
  const definition = definitionOf(bare);
  if (definition["widgets"] === undefined) return bare;
  return { ...bare, definition: { ...definition, widgets: bareWidgets(definition["widgets"]) } };
}

function withoutNull(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNull);
  if (!isBody(value)) return value;
  const kept = Object.entries(value).filter(([, inside]) => inside !== null);
  return Object.fromEntries(kept.map(([name, inside]) => [name, withoutNull(inside)]));
}

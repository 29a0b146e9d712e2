import * as z from "zod";
import { isMap, type Path } from "./path.ts";

/** Any schema, with its definition open to be looked into. */
export type Schema = z.core.$ZodTypes;

/** A schema and what it wraps, from the outside in: optional, default, prefault, lazy, codec (its input). */
export function layersOf(schema: z.core.$ZodType): Schema[] {
  const layers: Schema[] = [];
  let current: z.core.$ZodType | undefined = schema;
  while (current) {
    const layer = current as Schema;
    layers.push(layer);
    const { def } = layer._zod;
    if (def.type === "pipe") current = def.in;
    else if (def.type === "lazy") current = (layer as z.core.$ZodLazy)._zod.innerType;
    else current = "innerType" in def ? (def.innerType as z.core.$ZodType) : undefined;
  }
  return layers;
}

/** The schema itself, without its wrappers. */
export function coreOf(schema: z.core.$ZodType): Schema {
  return layersOf(schema).at(-1) as Schema;
}

/** What is documented about a schema or one that it wraps, the outermost first. */
export function metaOf(schema: z.core.$ZodType): z.GlobalMeta {
  return Object.assign(
    {},
    ...layersOf(schema)
      .map((layer) => z.globalRegistry.get(layer))
      .reverse(),
  );
}

/** The alternative of a union that a value was meant to be: of its kind, with most of its keys. Undefined when none is of its kind. */
export function optionFor(options: readonly z.core.$ZodType[], value: unknown): number | undefined {
  let best: number | undefined;
  let bestScore = -1;
  for (const [index, option] of options.entries()) {
    const score = fit(option, value);
    if (score > bestScore) {
      best = index;
      bestScore = score;
    }
  }
  return best;
}

function fit(schema: z.core.$ZodType, value: unknown): number {
  const { def } = coreOf(schema)._zod;
  if (def.type === "union") return Math.max(...def.options.map((option) => fit(option, value)));
  if (def.type === "literal") return def.values.includes(value as string) ? 2 : -1;
  if (def.type === "object") {
    if (!isMap(value)) return -1;
    const shape: Readonly<Record<string, z.core.$ZodType>> = def.shape;
    // What tells the alternatives apart (`type: s3`) weighs more than any number of keys in common.
    return Object.entries(shape).reduce((sum, [key, field]) => {
      if (!Object.hasOwn(value, key)) return sum;
      return sum + (coreOf(field)._zod.def.type !== "literal" ? 1 : fit(field, value[key]) > 0 ? 1000 : 0);
    }, 0);
  }
  if (def.type === "record") return isMap(value) ? 0 : -1;
  if (def.type === "array") return Array.isArray(value) ? 0 : -1;
  if (def.type === "enum") return typeof value === "string" ? 0 : -1;
  return typeof value === def.type ? 0 : -1;
}

/** The schemas one level below: of a key or position in a value. */
export function childOf(schema: z.core.$ZodType, part: string | number, value: unknown): z.core.$ZodType | undefined {
  const { def } = coreOf(schema)._zod;
  if (def.type === "object") return Object.hasOwn(def.shape, part) ? def.shape[part] : undefined;
  if (def.type === "record") return def.valueType;
  if (def.type === "array") return def.element;
  if (def.type !== "union") return undefined;
  const option = def.options[optionFor(def.options, value) ?? -1];
  return option && childOf(option, part, value);
}

/** The keys that a map may have here; null: any. */
export function keysOf(schema: z.core.$ZodType, value: unknown): readonly string[] | null {
  const { def } = coreOf(schema)._zod;
  if (def.type === "object") return Object.keys(def.shape);
  if (def.type !== "union") return null;
  const option = def.options[optionFor(def.options, value) ?? -1];
  return option ? keysOf(option, value) : null;
}

/** Shows every value together with the schema that was made for it, parents first; a visitor that returns false goes no deeper. */
export function visitValues(
  schema: z.core.$ZodType,
  value: unknown,
  visit: (value: unknown, schema: z.core.$ZodType, path: Path) => boolean | undefined,
  path: Path = [],
): void {
  if (value === undefined || visit(value, schema, path) === false) return;
  const core = coreOf(schema);
  const { def } = core._zod;
  if (def.type === "union") {
    const option = def.options[optionFor(def.options, value) ?? -1];
    if (option) visitValues(option, value, visit, path);
    return;
  }
  const parts = Array.isArray(value)
    ? value.map((item, index) => [index, item] as const)
    : isMap(value)
      ? Object.entries(value)
      : [];
  for (const [part, child] of parts) {
    const childSchema = childOf(core, part, value);
    if (childSchema) visitValues(childSchema, child, visit, [...path, part]);
  }
}

/** Whether this schema is, or wraps, another one. */
export function isSchema(schema: z.core.$ZodType, other: z.core.$ZodType): boolean {
  return layersOf(schema).includes(other as Schema);
}

import * as z from "zod";
import type { StepDeclaration } from "./declaration.ts";
import { configuration } from "./schema.ts";
import { layersOf } from "./schema-tree.ts";
import { stepBase } from "./sections/jobs.ts";

type JsonSchema = z.core.JSONSchema.JSONSchema;

/** A text with at least one reference: what it stands for is checked when the configuration is loaded. */
const withReference: JsonSchema = { type: "string", pattern: "\\$\\{[^}]+\\}" };

/** JSON Schema (draft 2020-12) of the configuration file, so that editors complete and check it. */
export function jsonSchema(declarations: readonly StepDeclaration[]): JsonSchema {
  const root = convert(configuration, {});
  const definitions: Record<string, JsonSchema> = { ...root.$defs };
  const steps = declarations.map((declaration) => stepSchema(declaration, definitions));
  const jobs = propertiesOf(root)["jobs"]?.additionalProperties;
  if (typeof jobs === "object" && steps.length > 0) {
    const names = declarations.map(({ uses }) => uses);
    propertiesOf(jobs)["steps"] = {
      description: "Executed in this order; the first one that fails ends the run",
      type: "array",
      minItems: 1,
      // `uses` is checked on its own first, so that editors complete its value before an alternative is chosen.
      items: { type: "object", required: ["uses"], properties: { uses: { enum: names } }, oneOf: steps },
    };
  }
  return { ...root, title: "pantheros configuration", $defs: definitions };
}

function stepSchema(declaration: StepDeclaration, definitions: Record<string, JsonSchema>): JsonSchema {
  const base = convert(stepBase, definitions);
  const options = convert(declaration.options, definitions, allowReference);
  return {
    type: "object",
    description: declaration.summary,
    properties: {
      ...propertiesOf(base),
      uses: { const: declaration.uses, description: declaration.summary },
      ...Object.fromEntries(Object.entries(propertiesOf(options)).filter(([key]) => !(key in stepBase.shape))),
    },
    required: ["uses", ...(options.required ?? [])],
    additionalProperties: false,
  };
}

/** @param definitions receives what several places share */
function convert(
  schema: z.ZodType,
  definitions: Record<string, JsonSchema>,
  override: (schema: z.core.$ZodType, json: JsonSchema) => void = () => undefined,
): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: "input",
    target: "draft-2020-12",
    override: ({ zodSchema, jsonSchema }) => {
      override(zodSchema, jsonSchema);
      delete jsonSchema["refersTo"];
    },
  });
  const { $defs, ...rest } = json as JsonSchema;
  Object.assign(definitions, $defs);
  return Object.keys(definitions).length > 0 && $defs ? { ...rest, $defs } : rest;
}

/** Options that a plain text would not satisfy also take a reference; names of the configuration have to be written out. */
function allowReference(schema: z.core.$ZodType, json: JsonSchema): void {
  const narrow = json.type === "number" || json.type === "integer" || json.type === "boolean";
  const patterned = json.type === "string" && (json.pattern !== undefined || json.format !== undefined);
  if ((!narrow && !patterned) || json["refersTo"] !== undefined || json["anyOf"] !== undefined) return;
  if (patterned && json.pattern !== undefined && new RegExp(json.pattern).test("${")) return;
  // A wrapper repeats what it wraps: only the innermost schema is widened.
  if (layersOf(schema).length > 1) return;
  const { description, default: defaultValue, examples, ...strict } = json;
  for (const key of Object.keys(strict)) delete json[key];
  json.anyOf = [strict, withReference];
  if (description !== undefined) json.description = description;
  if (defaultValue !== undefined) json.default = defaultValue;
  if (examples !== undefined) json.examples = examples;
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>;
}

import type { JsonValue } from "../../model/measurement.ts";
import { type Body, isBody } from "../resource.ts";
import type { HclBlock } from "./hcl.ts";
import type { Candidate } from "./import.ts";
import type { ImportedKind } from "./importable.ts";
import { candidateOf } from "./terraform.ts";

interface StateResource {
  readonly type: string;
  readonly address: string;
  readonly values: Body;
}

/** Whether a document is what `terraform show -json` prints (state or plan), or a state file. */
export function isTerraformState(value: unknown): value is Body {
  if (!isBody(value)) return false;
  return typeof value["terraform_version"] === "string" && ("format_version" in value || "version" in value);
}

/** The resources of a kind in a state of Terraform, where every expression has been worked out. */
export function terraformStateResources(kind: ImportedKind, state: Body, file: string): readonly Candidate[] {
  return resourcesOf(state).flatMap(({ type, address, values }) => {
    const { id } = values;
    const block = blockOf("resource", [type, address], values);
    return candidateOf(kind, block, `${file} (${address})`, typeof id === "string" ? id : undefined);
  });
}

/** https://developer.hashicorp.com/terraform/internals/json-format; state files, version 4, hold the same in another shape. */
function resourcesOf(state: Body): readonly StateResource[] {
  const shown = state["values"] ?? state["planned_values"];
  if (isBody(shown)) return resourcesOfModule(shown["root_module"] ?? null);
  return bodies(state["resources"]).flatMap(({ mode, type, name, module, instances }) =>
    bodies(instances).flatMap(({ attributes, index_key: key = null }) =>
      mode === "managed" && isBody(attributes)
        ? [
            {
              type: String(type),
              address: `${typeof module === "string" ? `${module}.` : ""}${type}.${name}${key === null ? "" : `[${JSON.stringify(key)}]`}`,
              values: attributes,
            },
          ]
        : [],
    ),
  );
}

function resourcesOfModule(module: JsonValue): readonly StateResource[] {
  if (!isBody(module)) return [];
  const own = bodies(module["resources"]).flatMap(({ mode, type, address, values }) =>
    mode === "managed" && isBody(values) ? [{ type: String(type), address: String(address), values }] : [],
  );
  return [...own, ...bodies(module["child_modules"]).flatMap(resourcesOfModule)];
}

const bodies = (value: JsonValue | undefined): readonly Body[] => (Array.isArray(value) ? value.filter(isBody) : []);

/** As its source would be read: in a state, a block is an object in a list. */
function blockOf(type: string, labels: readonly string[], values: Body): HclBlock {
  const isBlocks = (value: JsonValue) => Array.isArray(value) && value.length > 0 && value.every(isBody);
  const entries = Object.entries(values).filter(([, value]) => value !== null);
  return {
    type,
    labels,
    line: null,
    attributes: entries
      .filter(([, value]) => !isBlocks(value))
      .map(([name, value]) => ({ name, line: null, value, source: JSON.stringify(value) })),
    blocks: entries.flatMap(([name, value]) =>
      isBlocks(value) ? bodies(value).map((inside) => blockOf(name, [], inside)) : [],
    ),
  };
}

import type { JsonValue } from "../../model/measurement.ts";
import { isBody } from "../resource.ts";
import type { HclBlock } from "./hcl.ts";
import type { Candidate } from "./import.ts";
import { expressionProblem } from "./terraform-monitor.ts";

/** Resources that hold a whole body as JSON. @param name the attribute with it */
export function terraformJson(name: string): (block: HclBlock) => Pick<Candidate, "body" | "problems"> {
  return ({ attributes }) => {
    const attribute = attributes.find((one) => one.name === name);
    if (attribute === undefined) return { body: {}, problems: [`it has no ${name}`] };
    const { value, line, source } = attribute;
    const at = line === null ? "" : `line ${line}: `;
    const file = /^(?:file|templatefile)\s*\(\s*"([^"]*)"/.exec(source)?.[1];
    if (value === undefined && file !== undefined)
      return { body: {}, problems: [`${at}its ${name} is in ${file}: import that file`] };
    if (value === undefined) return { body: {}, problems: [expressionProblem(attribute)] };
    const body = typeof value === "string" ? parse(value) : value;
    return isBody(body) ? { body, problems: [] } : { body: {}, problems: [`${at}${name} is no JSON of an object`] };
  };
}

function parse(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    // Told by who wanted an object.
    return null;
  }
}

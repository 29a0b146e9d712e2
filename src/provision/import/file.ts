import { StepError } from "../../model/run/outcome.ts";
import { isBody } from "../resource.ts";
import type { Candidate } from "./import.ts";
import type { Importable } from "./importable.ts";
import { terraformResources } from "./terraform.ts";
import { isTerraformState, terraformStateResources } from "./terraform-state.ts";

/**
 * The resources of a kind in an export: JSON of the API or the UI (one, a list, or a list as `monitors` or `dashboards`), Terraform, or its state.
 * @throws StepError `config` for what is none of these, or holds none
 */
export function candidatesIn(importable: Importable, text: string, file: string): readonly Candidate[] {
  const isJson = /^\uFEFF?\s*[[{]/.test(text);
  const found = isJson ? inJson(importable, text, file) : terraformResources(importable.kind, text, file);
  if (found.length > 0) return found;
  throw new StepError("config", `${file} holds no ${importable.kind}`, { advice: importable.exporting });
}

function inJson({ kind, word }: Importable, text: string, file: string): readonly Candidate[] {
  const value = parse(text, file);
  if (isTerraformState(value)) return terraformStateResources(kind, value, file);
  const listed = isBody(value) && Array.isArray(value[word]) ? value[word] : value;
  const items: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  return items.map((item, index) => {
    const place = items.length === 1 ? file : `${file}, number ${index + 1}`;
    return isBody(item)
      ? { place, body: item, problems: [] }
      : { place, body: {}, problems: [`it is no object: export the ${kind} itself`] };
  });
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("config", `${file} cannot be read as JSON: ${why}`, {
      advice: "is it whole? Export it anew",
      cause,
    });
  }
}

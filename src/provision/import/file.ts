import { StepError } from "../../model/outcome.ts";
import { isBody } from "../resource.ts";
import type { Candidate } from "./import.ts";
import { terraformMonitors } from "./terraform.ts";

/**
 * The monitors of an export: JSON of the API or the UI (one, a list, or a list as `monitors`), or Terraform.
 * @throws StepError `config` for what is neither, or holds none
 */
export function monitorsIn(text: string, file: string): readonly Candidate[] {
  const found = /^\uFEFF?\s*[[{]/.test(text) ? jsonMonitors(text, file) : terraformMonitors(text, file);
  if (found.length > 0) return found;
  throw new StepError("config", `${file} holds no monitor`, {
    advice:
      "export one: in Datadog by Export Monitor, by the API (GET /api/v1/monitor), or as datadog_monitor by Terraform",
  });
}

function jsonMonitors(text: string, file: string): readonly Candidate[] {
  const value = parse(text, file);
  const listed = isBody(value) && Array.isArray(value["monitors"]) ? value["monitors"] : value;
  const items: readonly unknown[] = Array.isArray(listed) ? listed : [listed];
  return items.map((item, index) => {
    const place = items.length === 1 ? file : `${file}, number ${index + 1}`;
    return isBody(item)
      ? { place, body: item, problems: [] }
      : { place, body: {}, problems: ["it is no object: export the monitor itself"] };
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

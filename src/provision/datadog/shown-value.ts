import type { AnyCondition, Threshold } from "../../model/alert/condition.ts";
import { shownUnit } from "./query.ts";

/**
 * What a message says of the value, in a unit that people read, https://docs.datadoghq.com/monitors/guide/template-variable-evaluation/:
 * `{{value}}` alone is `3024211.0`.
 */
export function valueInMessage(condition: AnyCondition): string {
  if (condition.kind !== "threshold") return "{{value}}";
  switch (shownUnit(condition.value)) {
    case "seconds":
      return durationInMessage(condition);
    case "hours":
      return `${evaluated("round(value)")} hours`;
    case "percent":
      return `${evaluated("round(value)")} %`;
    case "ratio":
      return `${evaluated("round(value*100)")} %`;
    case "bytes":
      return evaluated("humanize_bytes(value)");
    case "usd":
      return "{{value}} USD";
    default:
      return evaluated("int(value)");
  }
}

/** In the unit of which its lowest level is at least two; what is beyond a level of nothing is never 0 minutes. */
function durationInMessage({ levels }: Threshold): string {
  const lowest = Math.min(...Object.values(levels));
  if (lowest >= 2 * 86_400) return `${evaluated("round(value/86400)")} days`;
  if (lowest >= 2 * 3600) return `${evaluated("round(value/3600)")} hours`;
  return `${evaluated("ceil(value/60)")} minutes`;
}

const evaluated = (formula: string) => `{{eval "${formula}"}}`;

import type { JsonValue } from "../model/measurement.ts";
import { isSame } from "./normal-form.ts";
import { type Body, isBody } from "./resource.ts";

/** One field that is not as it shall be; null: not there, or as by default. */
export interface Difference {
  /** `options.thresholds.critical`. */
  readonly path: string;
  readonly before: JsonValue;
  readonly after: JsonValue;
}

/** What has to change for a body to become another one, both in normal form. */
export function differencesOf(before: Body, after: Body, above = ""): readonly Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [old = null, wanted = null] = [before[name], after[name]];
    if (isSame(old, wanted)) return [];
    const path = `${above}${name}`;
    return isBody(old) && isBody(wanted)
      ? differencesOf(old, wanted, `${path}.`)
      : [{ path, before: old, after: wanted }];
  });
}

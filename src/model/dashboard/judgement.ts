import type { Levels, Severity } from "../alert/condition.ts";
import type { Unit } from "../alert/measure.ts";

/** From which value on a number is shown as a warning and as critical. */
export type Judged<U extends Unit> = { readonly above: Levels<U> } | { readonly below: Levels<U> };

/** The same, without its unit. */
export interface Judgement {
  readonly is: "above" | "below";
  readonly levels: Readonly<Partial<Record<Severity, number>>>;
}

export function judgement<U extends Unit>(judged: Judged<U>): Judgement {
  const [is, { critical, warning }] =
    "above" in judged ? (["above", judged.above] as const) : (["below", judged.below] as const);
  return {
    is,
    levels: {
      ...(warning === undefined ? {} : { warning: warning.value }),
      ...(critical === undefined ? {} : { critical: critical.value }),
    },
  };
}

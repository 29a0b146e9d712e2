import { type AnyCondition, type Condition, onHosts } from "./condition.ts";
import type { Stack } from "./stack.ts";

/** What stands for the group's labels and its value in a sentence; each target puts its own placeholder there. */
export type Words<L extends string> = Readonly<Record<L | "value", string>>;

/** What a person can do, and the command that does it. */
export interface Remedy {
  readonly what: string;
  readonly command?: string;
}

/** One thing that is worth telling a person, on every system that can tell. */
export interface Alert<L extends string> {
  /** Lower-case words with dashes: what it is known by everywhere. Whoever changes it keeps the old one in `formerly`. */
  readonly id: string;
  /** Ids that it had before: its monitor in Datadog keeps its number, its history and its links. */
  readonly formerly?: readonly string[];
  /** A few words. */
  readonly title: string;
  /** When it fires; thresholds that differ between systems come from the stack. */
  readonly condition: (stack: Stack) => Condition<L>;
  /** One sentence about one group: what is the case. */
  readonly summary: (words: Words<NoInfer<L>>) => string;
  /** Why it matters: what happens to whom when nobody acts. */
  readonly why: string;
  /** What to do, the most likely first. */
  readonly remedies: (words: Words<NoInfer<L>>) => readonly Remedy[];
}

/** An alert whose labels have been checked, among others. */
export interface AnyAlert extends Pick<Alert<string>, "id" | "formerly" | "title" | "why"> {
  readonly condition: (stack: Stack) => AnyCondition;
  readonly summary: (words: Readonly<Record<string, string>>) => string;
  readonly remedies: (words: Readonly<Record<string, string>>) => readonly Remedy[];
}

/** Checks the labels of an alert, and has it judge the hosts of its stack alone. */
export function defineAlert<L extends string>(alert: Alert<L>): AnyAlert {
  return { ...alert, condition: (stack) => onHosts(stack.hosts, alert.condition(stack)) };
}

import type { Stack } from "../../model/alert/stack.ts";
import { type Invocation, tell } from "../command.ts";

/** Says so where alerts have nothing to link to: who is called at night finds no page to read. */
export function tellMissingRunbooks({ runbooks }: Stack, invocation: Invocation): void {
  if (runbooks !== undefined) return;
  tell(
    invocation,
    "the alerts link to no runbook: they only name the section of docs/alerts.md\n  → publish that page, and set provisioning.runbooks to its address",
  );
}

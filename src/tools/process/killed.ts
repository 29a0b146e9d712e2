import { StepError } from "../../model/run/outcome.ts";
import type { ToolResult } from "../tool-call.ts";

/** A program that was ended by a signal which did not come from us. @param what `btrbk could not run` */
export function killed(
  what: string,
  { exitCode, signal }: Pick<ToolResult, "exitCode" | "signal">,
  tail: string,
): StepError {
  return new StepError("killed", `${what}: it was ended by ${signal ?? "a signal"}`, {
    ...{ exitCode, signal, tail },
    advice: "find out who ended it: the kernel's log tells when memory ran out",
  });
}

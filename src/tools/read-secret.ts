import { StepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";

/**
 * Reads a secret of something that has a name.
 * @param what which one it is: `password of the repository main`
 * @throws StepError `auth` that says so, with the advice of what was thrown
 */
export function readNamed<Reference>(
  what: string,
  reference: Reference,
  readSecret: (reference: Reference) => Secret,
): Secret {
  try {
    return readSecret(reference);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const advice = cause instanceof StepError ? cause.details.advice : undefined;
    throw new StepError("auth", `${what}: ${message}`, { cause, ...(advice === undefined ? {} : { advice }) });
  }
}

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type Reason, StepError } from "../../src/model/run/outcome.ts";

/** How work fails that has to. */
export async function failureOf(work: Promise<unknown> | undefined): Promise<StepError> {
  const failure = await Promise.resolve(work).then(
    () => assert.fail("it was expected to fail"),
    (thrown: unknown) => thrown,
  );
  assert.ok(failure instanceof StepError, inspect(failure));
  return failure;
}

/** The same, for a reason and in words that fit. @param message @default any */
export async function rejectsWith(
  work: Promise<unknown> | undefined,
  reason: Reason,
  message = /./,
): Promise<StepError> {
  const failure = await failureOf(work);
  assert.equal(failure.reason, reason, `${failure.message}\n${failure.details.tail}`);
  assert.match(failure.message, message);
  return failure;
}

/** The same of something that a person can do something about: it is said what. */
export async function refused(...expected: Parameters<typeof rejectsWith>): Promise<StepError> {
  const failure = await rejectsWith(...expected);
  assert.ok(failure.details.advice, `it does not say what to do next: ${failure.message}`);
  return failure;
}

import * as z from "zod";
import { requestShape } from "../config/requests.ts";
import { explainFailure, toStepError } from "../model/run/outcome.ts";
import { addressOf } from "../tools/http-failure.ts";
import { sendRequest } from "../tools/http-request.ts";
import { openRequest } from "./http-call.ts";
import { defineRunner } from "./runner.ts";

export const hookHttp = defineRunner({
  uses: "hook.http",
  summary:
    "Sends an HTTP request; when it cannot be delivered the step is skipped, and the run goes on as if nothing were.",
  risk: "read-only",
  kind: "other",
  options: () => z.strictObject(requestShape()),
  produces: () =>
    z.object({
      status: z.int().nullable().meta({ description: "Of the answer; null when nothing was delivered" }),
    }),
  target: () => null,

  // No check: what it could find (a secret that is missing, an address that is wrong) would end the run.

  async run({ answer_within, attempts, ...options }, context) {
    try {
      const request = openRequest(options, context.readSecret);
      const what = `${request.method} ${addressOf(request.url)}`;
      if (context.dryRun) return { evidence: { status: null }, message: `would send ${what}` };
      const { status } = await sendRequest(request, { seconds: answer_within, attempts, signal: context.signal });
      return { evidence: { status }, message: `${what}: answered ${status}` };
    } catch (error) {
      const failure = toStepError(error);
      // Who asks the run to stop is obeyed; a time limit is the end of the waiting only.
      if (failure.reason === "cancelled") throw failure;
      const message = `not delivered: ${explainFailure(failure)}`;
      return { evidence: { status: null }, outcome: "skipped", reason: failure.reason, message };
    }
  },
});

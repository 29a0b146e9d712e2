import * as z from "zod";
import { lazily } from "../model/lazily.ts";
import { positiveDuration, secretReference } from "./scalars.ts";
import { literalSecret, namesSecret } from "./secret-names.ts";

/** `Idempotency-Key` is the one header that sounds like a secret and is none. */
const tellsSecret = (header: string) =>
  /^(?:proxy-)?authorization$|^cookie$/i.test(header) || (namesSecret(header) && !/^idempotency-key$/i.test(header));

/** What an HTTP request is made of: that of a step, that of a hook. */
export const requestShape = () => ({
  url: z
    .union([
      z
        .url({ protocol: /^https?$/ })
        .refine((url) => !/^\w+:\/\/[^/?#]*@/.test(url), { error: literalSecret.message, abort: true }),
      secretReference,
    ])
    .meta({
      description: "http:// or https://; who knows a ping URL can use it: {file: /path} keeps it out of here",
    }),
  method: z
    .enum(["GET", "POST", "HEAD"])
    .optional()
    .meta({ description: "Default: POST where there is a body, else GET" }),
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "is no name of a header"),
      z.union([z.string().regex(/^[^\r\n]*$/, "must be one line"), secretReference]),
    )
    .superRefine((headers, issues) => {
      for (const [header, value] of Object.entries(headers))
        if (typeof value === "string" && tellsSecret(header))
          issues.addIssue({ code: "custom", path: [header], message: literalSecret.message });
    })
    .default({})
    .meta({ description: "Values that are secret by {file: /path}" }),
  body: z.string().max(65_536).optional().meta({ description: "Text; not sent with GET and HEAD" }),
  answer_within: positiveDuration
    .refine((seconds) => seconds <= 60, "must be at most 60s")
    .prefault("10s")
    .meta({ description: "For each attempt, the whole exchange, e.g. 10s; at most 60s" }),
  attempts: z.int().min(1).max(5).default(3).meta({ description: "When the other side cannot be reached" }),
});
export type RequestOptions = z.infer<z.ZodObject<ReturnType<typeof requestShape>>>;

/** Moments of a run that a hook can be called at. */
const hookEvents = ["start", "success", "partial", "failed", "skipped"] as const;
export type HookEvent = (typeof hookEvents)[number];

export const hook = lazily(() =>
  z.strictObject({
    ...requestShape(),
    on: z
      .array(z.enum(hookEvents))
      .min(1)
      .default(["start", "success", "partial", "failed"])
      .meta({ description: "When: start, success, partial, failed, skipped; default: all but skipped" }),
    style: z.enum(["plain", "healthchecks"]).default("plain").meta({
      description:
        "healthchecks: url/start, url, url/<exit code>, with rid= and a summary as body; plain: the request as it is written",
    }),
  }),
);
export type HookConfig = z.infer<ReturnType<typeof hook>>;

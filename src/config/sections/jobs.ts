import * as z from "zod";
import type { stepKeys } from "../declaration.ts";
import { hook } from "../requests.ts";
import { absolutePath, byteSize, duration, name, positiveDuration, secretReference } from "../scalars.ts";

/** What has to hold, all of it, for a job or a step to be executed now. */
export const conditions = z.lazy(() =>
  z.strictObject({
    ac_power: z.literal(true).optional().meta({ description: "On mains power; a machine without a battery always is" }),
    reachable: z
      .array(z.string().regex(/^(?:\[[^\]]+\]|[^\s:/]+):\d{1,5}$/, "write HOST:PORT"))
      .min(1)
      .optional()
      .meta({
        description: "HOST:PORT that must accept a connection",
        examples: [["s3.us-west-004.backblazeb2.com:443"]],
      }),
    free_space: z
      .strictObject({ path: absolutePath, at_least: byteSize })
      .optional()
      .meta({ description: "Space that must be free below a path" }),
  }),
);
export type Conditions = z.infer<typeof conditions>;

/** What every step may carry besides the options of its runner. */
export const stepBase = z.object({
  id: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]*$/, "use letters, digits and underscore")
    .optional()
    .meta({ description: "Name for ${id.field} references; default: step_1, step_2, …" }),
  uses: z.string().meta({ description: "The runner that does the work" }),
  optional: z.boolean().default(false).meta({ description: "A failure makes the run partial instead of failed" }),
  timeout: positiveDuration.optional().meta({ description: "Hard limit of one attempt" }),
  retries: z
    .strictObject({
      attempts: z.int().min(1).max(20).default(3),
      delay: duration.prefault("10s").meta({ description: "Before the second attempt; doubles, with jitter" }),
    })
    .optional()
    .meta({ description: "For reasons that can pass: network, throttled, repository_locked" }),
  nice: z.int().min(-20).max(19).optional().meta({ description: "CPU priority of its programs: 19 is the lowest" }),
  ionice: z
    .enum(["idle", "best-effort"])
    .optional()
    .meta({ description: "Disk priority of its programs (idle: only when nobody else wants the disk)" }),
  environment: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([z.string(), secretReference]))
    .default({})
    .meta({ description: "Further variables for its programs, which see nothing else of the environment" }),
  only_if: conditions.optional().meta({ description: "Otherwise the step is skipped, with the reason `condition`" }),
} satisfies Record<(typeof stepKeys)[number], z.ZodType>);

export const job = z.strictObject({
  description: z.string().optional().meta({ description: "For people: what it is for" }),
  schedule: z.string().optional().meta({ description: "Cron: minute hour day-of-month month day-of-week" }),
  timezone: z.string().optional().meta({ description: "IANA name, e.g. Europe/Berlin; default: the host's" }),
  grace: duration.prefault("1h").meta({ description: "How late a success may be before the job is overdue" }),
  staleness: z.enum(["schedule", "awake"]).default("schedule").meta({
    description:
      "What makes it overdue after its grace: time by the clock (schedule), or only time in which the machine was awake, for laptops",
  }),
  deadline: positiveDuration.prefault("12h").meta({ description: "A run that lasts longer is ended" }),
  expected_duration: positiveDuration
    .optional()
    .meta({ description: "How long a run usually takes; published beside the measured duration" }),
  scheduler: z
    .enum(["systemd", "internal", "external"])
    .default("systemd")
    .meta({ description: "Who starts it: exactly one" }),
  after: z
    .array(name.meta({ description: "A name of `jobs`", refersTo: "jobs" }))
    .default([])
    .meta({ description: "Jobs after whose success it is started, besides its own schedule" }),
  only_if: conditions.optional().meta({ description: "Otherwise the run is skipped, with the reason `condition`" }),
  hooks: z
    .array(hook())
    .default([])
    .meta({ description: "HTTP requests at the start and the end of each run; what becomes of them never changes it" }),
  steps: z.array(stepBase.loose()).min(1),
});
export type JobConfig = z.infer<typeof job>;
export type StepConfig = JobConfig["steps"][number];

import * as z from "zod";
import { retentionPolicy } from "./retention.ts";
import { absolutePath, duration, name, positiveDuration, repositoryName, secretReference } from "./scalars.ts";
import { cost, costAccount } from "./sections/cost.ts";
import { job } from "./sections/jobs.ts";
import { layout } from "./sections/layout.ts";
import { destination, repository, subvolume } from "./sections/places.ts";
import { provisioning } from "./sections/provisioning.ts";

/**
 * The configuration's shape. What a schema cannot say (names that must exist, cron notation, literal secrets) is in `rules.ts`;
 * messages about wrong types and unknown keys are worded in `wording.ts`.
 *
 * What a configuration may do without is `z.lazy`: building schemas is a tenth of the start of a command, and only what is written is built.
 */
const objective = z.lazy(() =>
  z.strictObject({
    jobs: z
      .array(name.meta({ description: "A name of `jobs`", refersTo: "jobs" }))
      .default([])
      .meta({ description: "Jobs that together protect the data set; their drills measure the recovery time" }),
    repositories: z
      .array(repositoryName)
      .default([])
      .meta({ description: "Repositories that hold it too, whoever fills them: on a hub, those of the clients" }),
    rpo: duration.optional().meta({ description: "Recovery point objective: the most data that may be lost" }),
    rto: duration.optional().meta({ description: "Recovery time objective" }),
    drill_within: positiveDuration
      .prefault("92d")
      .meta({ description: "How old the last restore drill may be and still prove the recovery time" }),
    copies: z.int().min(1).optional().meta({ description: "Copies that must exist, the original among them" }),
    offsite_copies: z.int().min(0).optional().meta({ description: "How many of them must be offsite" }),
    budget_usd_per_month: z.number().min(0).optional().meta({ description: "What its storage may cost, US dollars" }),
  }),
);

const outputs = z.strictObject({
  prometheus: z
    .strictObject({
      listen: z.string().default("127.0.0.1:9471").meta({ description: "ADDRESS:PORT" }),
      token: secretReference.optional().meta({ description: "Bearer token that a scrape must show" }),
      open: z
        .boolean()
        .default(false)
        .meta({ description: "Allow another address than this machine's own without a token" }),
    })
    .prefault({}),
  dogstatsd: z
    .strictObject({
      address: z
        .string()
        .regex(/^(udp:\/\/.+:\d+|unix:\/\/\/.+)$/, "write udp://HOST:PORT or unix:///PATH")
        .default("udp://127.0.0.1:8125"),
      state: z
        .enum(["push", "agent"])
        .default("push")
        .meta({ description: "Who brings state gauges to Datadog: the engine, or the Agent check; never both" }),
      host_tag: z
        .boolean()
        .default(true)
        .meta({ description: "Send host as a tag of ours; false: leave it to the Agent" }),
    })
    .optional(),
});

const collectorSettings = z.lazy(() =>
  z.strictObject({
    every: positiveDuration
      .optional()
      .meta({ description: "Interval between two looks; default: the collector's own" }),
    timeout: positiveDuration.optional().meta({ description: "Hard limit of one look; default: the collector's own" }),
    enabled: z.boolean().default(true),
  }),
);

export const configuration = z.strictObject({
  host: name.meta({ description: "This host's name, as the host label and tag of every series" }),
  state_directory: absolutePath.default("/var/lib/pantheros"),
  scratch_directory: absolutePath
    .optional()
    .meta({ description: "Where dumps and restores are put for a while; default: scratch in the state directory" }),
  timezone: z.string().optional().meta({ description: "Default timezone of jobs; default: the system's" }),
  subvolumes: z.record(name, subvolume).default({}),
  repositories: z.record(name, repository).default({}),
  destinations: z.record(name, destination).default({}),
  retention: z.record(name, retentionPolicy).default({}),
  jobs: z.record(name, job).default({}),
  objectives: z.record(name, objective).default({}),
  accounts: z.record(name, costAccount).default({}).meta({ description: "Who is billed for buckets" }),
  cost: cost.prefault({}),
  layout: layout.optional(),
  provisioning: provisioning.optional(),
  outputs: outputs.prefault({}),
  collectors: z.record(name, collectorSettings).default({}),
  journal: z
    .strictObject({
      keep: duration.prefault("400d").meta({ description: "Finished runs older than this are removed; counters stay" }),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configuration>;

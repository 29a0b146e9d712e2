import * as z from "zod";
import { bytesPattern, durationPattern, parseBytes, parseDuration, writeDuration } from "../model/quantity.ts";
import { literalSecret, namesSecret } from "./secret-names.ts";

/**
 * The configuration's shape. What a schema cannot say (names that must exist, cron notation, literal secrets) is in `rules.ts`;
 * messages about wrong types and unknown keys are worded in `wording.ts`.
 */
declare module "zod" {
  interface GlobalMeta {
    /** The value is a name declared in this section; the loader checks that it exists. */
    refersTo?: NamedSection;
  }
}
/** Sections that other parts of the configuration refer to by name. */
export type NamedSection = "subvolumes" | "repositories" | "destinations" | "retention" | "jobs";

/** `90s`, `1h30m`, `30d`: parsed to seconds, encoded back to the same notation. */
export const duration = z
  .codec(
    z.string().regex(durationPattern, "not a duration: write it like 90s, 15m, 1h30m, 30d"),
    z.number().max(31_557_600_000, "too long: a thousand years are enough"),
    { decode: (text) => parseDuration(text) ?? Number.NaN, encode: writeDuration },
  )
  .meta({ description: "Duration like 90s, 15m, 1h30m, 30d", examples: ["1h", "30d"] });

/** A duration for which nothing makes no sense: a time limit, an interval. */
export const positiveDuration = duration
  .refine((seconds) => seconds > 0, "must be longer than nothing")
  .meta({ description: "Duration like 90s, 15m, 1h30m, 30d; more than 0s", examples: ["1h", "30d"] });

/** `500MiB`, `10GB`, `4096`: parsed to bytes, encoded back as a plain number. */
export const byteSize = z
  .codec(
    z.string().regex(bytesPattern, "not a size: write it like 500MiB, 10GiB, 2TB"),
    z.number().max(Number.MAX_SAFE_INTEGER, "too large"),
    { decode: (text) => parseBytes(text) ?? Number.NaN, encode: String },
  )
  .meta({ description: "Size like 500MiB, 10GiB, 2TB", examples: ["10GiB"] });

// No regular expression has flags here: JSON Schema knows none.
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    "use letters, digits, dot, dash and underscore, start with a letter or digit, at most 63 characters",
  )
  .meta({ description: "A name: letters, digits, dot, dash, underscore" });

export const absolutePath = z
  .string()
  .regex(/^\//, "must be an absolute path: begin it with a slash")
  .meta({ description: "Absolute path" });

/** For the options of runners: a path that may begin with what an earlier step left behind. */
export const pathOrReference = z
  .string()
  .regex(/^(?:\/|\$\{)/, "must be an absolute path, or begin with a reference like ${snap.path}")
  .meta({ description: "Absolute path, or a reference, e.g. ${snap.path}/data" });

/** For the options of runners: names that must be declared in their section. They have to be written out, a reference is refused. */
export const subvolumeName = name.meta({ description: "A name of `subvolumes`", refersTo: "subvolumes" });
export const repositoryName = name.meta({ description: "A name of `repositories`", refersTo: "repositories" });
export const destinationName = name.meta({ description: "A name of `destinations`", refersTo: "destinations" });
const retentionName = name.meta({ description: "A name of `retention`", refersTo: "retention" });

/** Where a secret is read from. A literal is refused on purpose. */
export const secretReference = z
  .union([
    z.strictObject({ file: absolutePath }),
    z.strictObject({ credential: z.string().regex(/^[A-Za-z0-9._-]+$/) }),
    z.strictObject({ environment: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
  ])
  .meta({
    id: "secret",
    description:
      "Where the secret is read from: {file: /path (0600)}, {credential: NAME (systemd LoadCredential=)} or {environment: NAME}. Never the secret itself.",
  });
export type SecretReference = z.infer<typeof secretReference>;

const count = z.int().min(0).max(10_000);

/** What is kept: `restic forget`'s meaning, newest first, one artifact per period. */
export const retentionPolicy = z.strictObject({
  last: count.default(0).meta({ description: "Keep the newest N" }),
  within: duration.optional().meta({ description: "Keep everything younger than this, counted from the newest" }),
  hourly: count.default(0),
  daily: count.default(0),
  weekly: count.default(0).meta({ description: "ISO weeks" }),
  monthly: count.default(0),
  yearly: count.default(0),
  slack: duration
    .prefault("25h")
    .meta({ description: "How long an artifact that no tier holds may wait for pruning before it counts as excess" }),
});

/** What a pruning step keeps: the name of a policy or a policy of its own; see `policiesInForce`. */
export const retentionKeep = z
  .union([retentionName, retentionPolicy])
  .meta({ description: "What is kept: the name of a retention policy, or a policy" });

export const subvolume = z.strictObject({
  path: absolutePath.meta({ description: "Mount point or path of the Btrfs subvolume" }),
  snapshots: absolutePath.meta({ description: "Directory on the same filesystem that receives read-only snapshots" }),
  retention: retentionName.optional().meta({ description: "Policy that its snapshots must satisfy" }),
});

const medium = name
  .optional()
  .meta({ description: "What it is stored on, e.g. nas, b2: copies are counted by it; default: its own name" });

export const repository = z.strictObject({
  repository: z
    .string()
    .min(1)
    .meta({ description: "As restic's -r takes it: /path, s3:https://host/bucket/path, rest:https://host/" }),
  password: secretReference,
  environment: z
    .record(z.string(), z.union([z.string(), secretReference]))
    .default({})
    .meta({ description: "Further variables for restic, e.g. AWS_ACCESS_KEY_ID: {file: /path}" }),
  retention: retentionName.optional().meta({ description: "Policy that its snapshots must satisfy" }),
  offsite: z.boolean().default(false).meta({ description: "Counts as an offsite copy" }),
  medium,
  restic: z.string().default("restic").meta({ description: "Program to use" }),
  initialize: z
    .boolean()
    .default(false)
    .meta({ description: "Create the repository when it does not exist yet; never again once it has held a backup" }),
});

const promised = retentionName.optional().meta({
  description:
    "Policy that what pantheros leaves there must satisfy: pruning keeps at least that of every series and chain",
});

export const destination = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("s3"),
    endpoint: z.url({ protocol: /^https?$/ }).meta({ description: "e.g. https://s3.us-west-004.backblazeb2.com" }),
    region: z.string().default("us-east-1"),
    bucket: z.string().min(1).meta({ description: "Must exist already" }),
    prefix: z.string().default("").meta({ description: "Everything is written below it" }),
    access_key_id: secretReference,
    secret_access_key: secretReference,
    offsite: z.boolean().default(true),
    medium,
    retention: promised,
  }),
  z.strictObject({
    type: z.literal("local"),
    path: absolutePath,
    offsite: z.boolean().default(false),
    medium,
    retention: promised,
  }),
]);

/** What has to hold, all of it, for a job or a step to be executed now. */
export const conditions = z.strictObject({
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
});
export type Conditions = z.infer<typeof conditions>;

/** `Idempotency-Key` is the one header that sounds like a secret and is none. */
const tellsSecret = (header: string) =>
  /^(?:proxy-)?authorization$|^cookie$/i.test(header) || (namesSecret(header) && !/^idempotency-key$/i.test(header));

/** What an HTTP request is made of: that of a step, that of a hook. */
export const requestShape = {
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
};
export type RequestOptions = z.infer<z.ZodObject<typeof requestShape>>;

/** Moments of a run that a hook can be called at. */
export const hookEvents = ["start", "success", "partial", "failed", "skipped"] as const;
export type HookEvent = (typeof hookEvents)[number];

const hook = z.strictObject({
  ...requestShape,
  on: z
    .array(z.enum(hookEvents))
    .min(1)
    .default(["start", "success", "partial", "failed"])
    .meta({ description: "When: start, success, partial, failed, skipped; default: all but skipped" }),
  style: z.enum(["plain", "healthchecks"]).default("plain").meta({
    description:
      "healthchecks: url/start, url, url/<exit code>, with rid= and a summary as body; plain: the request as it is written",
  }),
});
export type HookConfig = z.infer<typeof hook>;

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
});

const job = z.strictObject({
  description: z.string().optional().meta({ description: "For people: what it is for" }),
  schedule: z.string().optional().meta({ description: "Cron: minute hour day-of-month month day-of-week" }),
  timezone: z.string().optional().meta({ description: "IANA name, e.g. Europe/Berlin; default: the host's" }),
  grace: duration.prefault("1h").meta({ description: "How late a success may be before the job is overdue" }),
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
    .array(hook)
    .default([])
    .meta({ description: "HTTP requests at the start and the end of each run; what becomes of them never changes it" }),
  steps: z.array(stepBase.loose()).min(1),
});

const objective = z.strictObject({
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
  copies: z.int().min(1).optional().meta({ description: "Copies that must exist, the original among them" }),
  offsite_copies: z.int().min(0).optional().meta({ description: "How many of them must be offsite" }),
  budget_usd_per_month: z.number().min(0).optional().meta({ description: "What its storage may cost, US dollars" }),
});

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

const collectorSettings = z.strictObject({
  every: positiveDuration.optional().meta({ description: "Interval between two looks; default: the collector's own" }),
  timeout: positiveDuration.optional().meta({ description: "Hard limit of one look; default: the collector's own" }),
  enabled: z.boolean().default(true),
});

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
  outputs: outputs.prefault({}),
  collectors: z.record(name, collectorSettings).default({}),
  journal: z
    .strictObject({
      keep: duration.prefault("400d").meta({ description: "Finished runs older than this are removed; counters stay" }),
    })
    .prefault({}),
});

export type Config = z.infer<typeof configuration>;
export type JobConfig = Config["jobs"][string];
export type StepConfig = JobConfig["steps"][number];
export type SubvolumeConfig = z.infer<typeof subvolume>;
export type RepositoryConfig = z.infer<typeof repository>;
export type DestinationConfig = z.infer<typeof destination>;
export type RetentionPolicy = z.infer<typeof retentionPolicy>;

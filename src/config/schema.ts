import * as z from "zod";
import { datadogSites } from "../model/datadog-site.ts";
import { profileNames } from "../model/layout/profiles/index.ts";
import { bytesPattern, durationPattern, parseBytes, parseDuration, writeDuration } from "../model/quantity.ts";
import { literalSecret, namesSecret } from "./secret-names.ts";

/**
 * The configuration's shape. What a schema cannot say (names that must exist, cron notation, literal secrets) is in `rules.ts`;
 * messages about wrong types and unknown keys are worded in `wording.ts`.
 *
 * What a configuration may do without is `z.lazy`: building schemas is a tenth of the start of a run, and only what is written is built.
 */
declare module "zod" {
  interface GlobalMeta {
    /** The value is a name declared in this section; the loader checks that it exists. */
    refersTo?: NamedSection;
  }
}
/** Sections that other parts of the configuration refer to by name. */
export type NamedSection = "subvolumes" | "repositories" | "destinations" | "retention" | "jobs" | "accounts";

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
export const retentionPolicy = z.lazy(() =>
  z.strictObject({
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
  }),
);

/** What a pruning step keeps: the name of a policy or a policy of its own; see `policiesInForce`. */
export const retentionKeep = z
  .union([retentionName, retentionPolicy])
  .meta({ description: "What is kept: the name of a retention policy, or a policy" });

export const subvolume = z.lazy(() =>
  z.strictObject({
    path: absolutePath.meta({ description: "Mount point or path of the Btrfs subvolume" }),
    snapshots: absolutePath.meta({ description: "Directory on the same filesystem that receives read-only snapshots" }),
    retention: retentionName.optional().meta({ description: "Policy that its snapshots must satisfy" }),
    holds: z.enum(["files", "database"]).optional().meta({
      description: "What lies on it: a snapshot of a database that fails is an alert of its own; default: files",
    }),
    snapshot_sizes: z.enum(["quotas", "du", "off"]).optional().meta({
      description:
        "What its snapshots hold alone: quotas (default): told where the filesystem has quotas on already; du: elsewhere measured too, at most 30 s an hour; off",
    }),
  }),
);

const medium = name
  .optional()
  .meta({ description: "What it is stored on, e.g. nas, b2: copies are counted by it; default: its own name" });

/** Who is billed for a bucket. */
const account = name.optional().meta({
  description: "A name of `accounts`: who is billed for its bucket; default: one account for each provider",
  refersTo: "accounts",
});

export const repository = z.lazy(() =>
  z.strictObject({
    repository: z
      .string()
      .min(1)
      .meta({ description: "As restic's -r takes it: /path, s3:https://host/bucket/path, rest:https://host/" }),
    password: secretReference.optional().meta({
      description:
        "Not needed for a folder or rest: that is only observed: then names, number and arrival of its snapshots are seen",
    }),
    environment: z
      .record(z.string(), z.union([z.string(), secretReference]))
      .default({})
      .meta({ description: "Further variables for restic, e.g. AWS_ACCESS_KEY_ID: {file: /path}" }),
    retention: retentionName.optional().meta({ description: "Policy that its snapshots must satisfy" }),
    offsite: z.boolean().default(false).meta({ description: "Counts as an offsite copy" }),
    medium,
    account,
    restic: z.string().default("restic").meta({ description: "Program to use" }),
    initialize: z
      .boolean()
      .default(false)
      .meta({ description: "Create the repository when it does not exist yet; never again once it has held a backup" }),
  }),
);

const promised = retentionName.optional().meta({
  description:
    "Policy that what pantheros leaves there must satisfy: pruning keeps at least that of every series and chain",
});

export const destination = z.lazy(() =>
  z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("s3"),
      endpoint: z.url({ protocol: /^https?$/ }).meta({ description: "e.g. https://s3.us-west-004.backblazeb2.com" }),
      region: z.string().default("us-east-1"),
      bucket: z.string().min(1).meta({ description: "Must exist already" }),
      prefix: z.string().default("").meta({ description: "Everything is written below it" }),
      access_key_id: secretReference,
      secret_access_key: secretReference,
      account,
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
  ]),
);

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
export const hookEvents = ["start", "success", "partial", "failed", "skipped"] as const;
export type HookEvent = (typeof hookEvents)[number];

const hook = z.lazy(() =>
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
    .array(hook)
    .default([])
    .meta({ description: "HTTP requests at the start and the end of each run; what becomes of them never changes it" }),
  steps: z.array(stepBase.loose()).min(1),
});

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

const amount = z.number().min(0);
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, "write a day like 2026-05-01");
const callPrice = z.strictObject({ usd_per_10000: amount, free_per_day: amount.default(0) });

/** What a provider charges from a day on; all of it in US dollars. */
const costRate = z.lazy(() =>
  z.strictObject({
    from: day.meta({ description: "First day on which it is in force, UTC" }),
    source: z.string().min(1).meta({ description: "Where the figures stand, for who reads the cost" }),
    usd_per_tb_month: amount.meta({ description: "Storage of 10^12 bytes for a month" }),
    month_days: z
      .number()
      .min(1)
      .max(31)
      .optional()
      .meta({ description: "Days of that month; default: those of the calendar" }),
    free_storage: byteSize.prefault("0").meta({ description: "Of the whole account, e.g. 10GB" }),
    usd_per_gb_downloaded: amount.default(0).meta({ description: "For 10^9 bytes" }),
    free_downloads_times_stored: amount
      .default(0)
      .meta({ description: "Downloads that are free, in multiples of what is stored" }),
    free_downloads_per_month: byteSize.prefault("0"),
    calls: z
      .strictObject({
        a: callPrice.optional(),
        b: callPrice.optional(),
        c: callPrice.optional(),
        d: callPrice.optional(),
      })
      .default({})
      .meta({ description: "By class: listings are c at Backblaze, else a; reading is b; what is not named is free" }),
  }),
);
export type CostRate = z.infer<typeof costRate>;

const costAccount = z.lazy(() =>
  z.strictObject({
    card: name
      .optional()
      .meta({ description: "b2, aws-s3, or one of cost.cards; default: by the endpoint", examples: ["b2"] }),
    free_tier: z.boolean().default(true).meta({
      description:
        "What is free for the account is counted here; where several hosts use one account: on one of them only",
    }),
    scope: z.enum(["bucket", "declared"]).default("bucket").meta({
      description:
        "What is looked at: whole buckets, or only the prefixes that this host declares (hosts that share a bucket, keys bound to a prefix)",
    }),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: "S3 endpoint for restic's b2: repositories, e.g. https://s3.us-west-004.backblazeb2.com" }),
    reports: z
      .strictObject({
        account_id: z.string().regex(/^[A-Za-z0-9-]+$/, "write the account's id alone"),
        endpoint: z.url({ protocol: /^https?$/ }),
        access_key_id: secretReference,
        secret_access_key: secretReference,
      })
      .optional()
      .meta({ description: "Backblaze's daily usage reports (bucket b2-reports-…): preferred to our own reckoning" }),
  }),
);

const cost = z.strictObject({
  calls_per_day: z.int().min(1).max(1_000_000).optional().meta({
    description:
      "Requests that looking at buckets may make in a day, UTC; default: 2000, and where listings cost money, what 0.10 USD a month pay",
  }),
  cards: z.record(name, z.array(costRate).min(1)).default({}).meta({
    description: "Rate cards by name; those called b2 and aws-s3 add to the ones that are known, or replace them",
  }),
});

const layoutSubvolume = z.lazy(() =>
  z.strictObject({
    mount_point: absolutePath.optional().meta({ description: "Where it is mounted" }),
    pool: z.string().optional().meta({ description: "Pool of the profile that it is on, e.g. primary" }),
    copy_on_write: z
      .boolean()
      .optional()
      .meta({ description: "false: for databases, virtual disks, containers (chattr +C); default: true" }),
    compression: z
      .string()
      .regex(/^(?:none|lzo|zlib(?::[1-9])?|zstd(?::-?[0-9]{1,2})?)$/, "write none, lzo, zlib, zstd or zstd:3")
      .optional()
      .meta({ description: "none, lzo, zlib, zstd; the level belongs to the whole filesystem", examples: ["zstd:3"] }),
    mount_options: z
      .array(z.string().regex(/^[^\s,]+$/, "write one option each"))
      .optional()
      .meta({ description: "Options of this mount alone; default: noatime", examples: [["noatime", "nodev"]] }),
    presence: z
      .enum(["required", "optional", "where used"])
      .optional()
      .meta({ description: "where used: only when its mount point holds something; default: required" }),
    whole: z
      .boolean()
      .optional()
      .meta({ description: "One snapshot must hold all of it: no other subvolume and no mount below it" }),
    reason: z.string().optional().meta({ description: "Why: shown with what violates it" }),
  }),
);

const layout = z
  .strictObject({
    profile: z
      .enum(["auto", ...profileNames])
      .optional()
      .meta({ description: "Layout of this host; auto: the one that fits the report of nixos-facter" }),
    facter: absolutePath
      .optional()
      .meta({ description: "Report of nixos-facter; default for auto: /etc/nixos/facter.json" }),
    subvolumes: z
      .record(
        z.string().regex(/^[^/\n](?:[^\n]*[^/\n])?$/, "write its path from the top level, without slashes around it"),
        layoutSubvolume,
      )
      .default({})
      .meta({
        description: "By path from the top level, e.g. @home: further subvolumes, or what is other than in the profile",
      }),
  })
  .meta({ description: "How the Btrfs of this host shall be laid out; see pantheros audit" });

const share = z.number().gt(0).max(1000);
const handles = z.array(z.string().min(1)).optional();

/** What a set of alerts does otherwise than the one that pantheros ships. */
const stackSettings = z.lazy(() =>
  z.strictObject({
    thresholds: z
      .strictObject({
        since_success: positiveDuration.optional().meta({ description: "No success of a job for longer than this" }),
        snapshot_age: positiveDuration.optional(),
        disk_usage: share.max(100).optional().meta({ description: "Percent" }),
        budget_warning: share.optional().meta({ description: "Percent of the budget" }),
        budget_critical: share.optional().meta({ description: "Percent of the budget" }),
        failures: z.int().min(1).max(1000).optional().meta({ description: "Failed runs in a row" }),
        drill_age: positiveDuration.optional().meta({ description: "Since the last successful restore" }),
        check_age: positiveDuration.optional().meta({ description: "Since what is stored was last read back" }),
        scrub_age: positiveDuration.optional(),
        lock_age: positiveDuration.optional(),
      })
      .prefault({}),
    routes: z
      .strictObject({
        email: handles.meta({ description: "Told of everything, e.g. ops@example.org" }),
        chat: handles.meta({ description: "Told of what is critical: handles, e.g. slack-alerts" }),
        on_call: handles.meta({ description: "Told of what is critical on production hosts, e.g. pagerduty-backups" }),
        production_hosts: handles.meta({ description: "Hosts whose critical alerts call somebody" }),
      })
      .prefault({}),
    imported: z
      .string()
      .min(1)
      .optional()
      .meta({
        description: "Folder of monitors that pantheros monitors import has written; relative: to this file",
        examples: ["monitors/imported"],
      }),
  }),
);
export type StackSettings = z.infer<typeof stackSettings>;

const provisioning = z.lazy(() =>
  z
    .strictObject({
      stacks: z
        .record(name, stackSettings)
        .default({})
        .meta({ description: "Sets of alerts that are provisioned together, by name; default: hosts and cluster" }),
      runbooks: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta({ description: "Where people find docs/alerts.md: alerts of Prometheus link to its sections" }),
      alertmanager: z
        .strictObject({
          secrets: absolutePath.optional().meta({
            description: "Folder with a file for each chat and service on call; default: /etc/alertmanager/secrets",
          }),
          smarthost: z
            .string()
            .regex(/^(?:\[[^\]]+\]|[^\s:/]+):\d{1,5}$/, "write HOST:PORT")
            .optional()
            .meta({ description: "Takes its mails; default: localhost:25" }),
          sender: z.string().min(1).optional().meta({ description: "Of its mails; default: alertmanager@localhost" }),
        })
        .prefault({}),
      datadog: z
        .strictObject({
          site: z
            .enum(datadogSites)
            .default("datadoghq.com")
            .meta({ description: "Where the organisation is, as in the address of its pages" }),
          url: z
            .url({ protocol: /^https?$/ })
            .optional()
            .meta({ description: "Of the API, instead of the site: a proxy, a test" }),
          api_key: secretReference.default({ environment: "DD_API_KEY" }),
          application_key: secretReference
            .default({ environment: "DD_APP_KEY" })
            .meta({ description: "With the right to write what is synced: monitors_write, dashboards_write" }),
        })
        .prefault({}),
    })
    .meta({ description: "Alerts and dashboards as code: see pantheros monitors" }),
);
export type ProvisioningSettings = z.infer<typeof provisioning>;

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
export type JobConfig = Config["jobs"][string];
export type StepConfig = JobConfig["steps"][number];
export type SubvolumeConfig = z.infer<typeof subvolume>;
export type RepositoryConfig = z.infer<typeof repository>;
export type DestinationConfig = z.infer<typeof destination>;
export type RetentionPolicy = z.infer<typeof retentionPolicy>;
export type LayoutConfig = z.infer<typeof layout>;
export type CostAccount = z.infer<typeof costAccount>;

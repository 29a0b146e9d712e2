import { suggest } from "../config/closest.ts";
import { name } from "../config/scalars.ts";
import type { ProvisioningSettings } from "../config/sections/provisioning.ts";
import { parseDuration, writeDuration } from "../model/quantity.ts";
import { downtimeBody, downtimeIdentity, downtimeMark } from "../provision/datadog/downtime.ts";
import type { RemoteResource } from "../provision/resource.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { openHost } from "./host.ts";
import { openTarget, settingsOf } from "./provisioning/stage.ts";
import { createProgress } from "./terminal/progress.ts";

const actions = ["start", "end"] as const;
/** Seconds; longer is no downtime but an alert that nobody wants. */
const longest = 30 * 86_400;

export const downtime = defineCommand({
  name: "downtime",
  description: `
Mutes the alerts of one job in Datadog for a while, and no others: before the disk is changed, before the server moves. It ends by itself, so that
nothing stays silent because somebody forgot it. Only the alerts are muted: the job runs, and what it does is measured.

start   mutes them from now on for the time that --for says; when it is in force already, from now on for that time: there are never two.
end     ends it now. When nothing was muted by us it says so, and that is no failure.

By default it is for the job on this host; --every-host mutes it wherever it runs, and needs no configuration but the keys.`,
  arguments: [
    { name: "start|end", summary: "what to do" },
    { name: "JOB", summary: "a job of the configuration" },
  ],
  options: {
    for: { type: "string", value: "DURATION", summary: "start: how long, e.g. 90m, 2h, 1d; at most 30d" },
    why: { type: "string", value: "TEXT", summary: "start: told with it in Datadog" },
    "every-host": { type: "boolean", summary: "the job on every host, not only on this one" },
  },
  examples: [
    ["pantheros downtime start nightly --for 2h --why 'disk is changed'", "before the work"],
    ["pantheros downtime end nightly", "it took less time"],
    ["pantheros downtime start nightly --for 1d --every-host", "the job everywhere"],
  ],
  async run(invocation) {
    const [action = "", job = ""] = invocation.arguments;
    if (action !== "start" && action !== "end")
      throw new UsageError(`downtime ${action}: ${suggest(action, actions, "")}`);
    const seconds = action === "start" ? lengthOf(invocation) : 0;
    if (action === "end") refuseStartOnly(invocation);
    const { where, settings } = await placeOf(job, invocation);
    const progress = createProgress(invocation.stderr, invocation.environment, invocation.now);
    const target = await openTarget(settings, invocation, progress);
    await target.check();
    const existing = (await target.list("downtime", "")).filter(
      (found) => isOf(found, where) && isLeft(found, invocation.now()),
    );
    if (action === "end") {
      for (const { remoteId } of existing) await target.remove("downtime", remoteId);
      report(invocation, {
        ...where,
        ended: existing.length,
        until: null,
        remoteId: null,
        before: null,
        isLonger: false,
      });
      return 0;
    }
    const from = Math.floor(invocation.now() / 1000);
    const until = from + seconds;
    const { why } = invocation.options;
    const body = downtimeBody({
      ...where,
      from,
      until,
      why: typeof why === "string" ? why : `pantheros downtime start ${job}`,
    });
    const [first, ...others] = existing;
    // Two at once, made by two people at the same moment: the longer one would keep it muted.
    for (const { remoteId } of others) await target.remove("downtime", remoteId);
    const made =
      first === undefined
        ? await target.create("downtime", body, downtimeMark(where))
        : await target.update("downtime", first.remoteId, body);
    const ends = existing.map(({ body: { end } }) => (typeof end === "number" ? end : Number.POSITIVE_INFINITY));
    const before = ends.length === 0 ? null : Math.max(...ends);
    report(invocation, {
      ...where,
      ended: others.length,
      until,
      remoteId: made.remoteId,
      before: before === Number.POSITIVE_INFINITY ? null : before,
      isLonger: before !== null && until > before,
    });
    return 0;
  },
});

interface Told {
  readonly job: string;
  readonly host: string | null;
  readonly ended: number;
  /** Seconds since the epoch. */
  readonly until: number | null;
  readonly remoteId: string | null;
  /** Seconds since the epoch: until when it was muted already; null: it was not, or without an end. */
  readonly before: number | null;
  /** It was muted already, for less long. */
  readonly isLonger: boolean;
}

type Where = Parameters<typeof downtimeMark>[0];

/** Whose alerts, and where Datadog is. @throws UsageError for a job that is not there */
async function placeOf(
  job: string,
  invocation: Invocation,
): Promise<{ readonly where: Where; readonly settings: ProvisioningSettings | undefined }> {
  if (invocation.options["every-host"] === true) {
    // In a scope, a comma or a space would mute something else.
    if (!name.safeParse(job).success)
      throw new UsageError(`${JSON.stringify(job)} is no name of a job\n  → write it as its configuration does`);
    return { where: { job, host: null }, settings: await settingsOf(invocation) };
  }
  const { config } = await openHost(invocation);
  if (!Object.hasOwn(config.jobs, job)) {
    const jobs = Object.keys(config.jobs);
    const known = suggest(job, jobs, "the configuration has none");
    throw new UsageError(`there is no job ${JSON.stringify(job)}: ${known}\n  → a job of other hosts: --every-host`);
  }
  return { where: { job, host: config.host }, settings: config.provisioning };
}

function refuseStartOnly({ options }: Invocation): void {
  const strange = ["for", "why"].find((name) => options[name] !== undefined);
  if (strange !== undefined) throw new UsageError(`--${strange} is for start: end ends it now`);
}

function report(invocation: Invocation, told: Told): void {
  if (invocation.json) {
    printJson(invocation, told);
    return;
  }
  const { job, host, until, ended, remoteId, before } = told;
  const where = `${job} on ${host ?? "every host"}`;
  const time = until === null ? "" : new Date(until * 1000).toISOString().replace(".000Z", "Z");
  if (until !== null)
    print(
      invocation,
      `alerts of ${where} are ${before === null ? "" : "now "}muted until ${time} (downtime ${remoteId})`,
    );
  else print(invocation, ended === 0 ? `alerts of ${where} were not muted by us` : `alerts of ${where} are told again`);
}

function lengthOf({ options }: Invocation): number {
  const { for: written } = options;
  const how = "write it as 90m, 2h or 1d12h";
  if (typeof written !== "string") throw new UsageError(`say how long: --for 2h\n  → ${how}`);
  const seconds = parseDuration(written);
  if (seconds === null) throw new UsageError(`--for ${written} is no length of time: ${how}`);
  if (seconds < 60) throw new UsageError(`--for ${written} is too short: at least a minute`);
  if (seconds > longest)
    throw new UsageError(`--for ${written} is too long: at most ${writeDuration(longest)}, then start it again`);
  return Math.round(seconds);
}

function isOf({ body }: RemoteResource, where: Where): boolean {
  const [found, own] = [downtimeIdentity.read(body), downtimeMark(where)];
  return found?.id === own.id && found.stack === own.stack;
}

/** Datadog also lists what is over; whether it says so or not, its end does. */
function isLeft({ body: { end } }: RemoteResource, now: number): boolean {
  return typeof end !== "number" || end * 1000 > now;
}

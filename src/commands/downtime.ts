import { suggest } from "../config/closest.ts";
import { parseDuration, writeDuration } from "../model/quantity.ts";
import { downtimeBody, downtimeIdentity, downtimeMark } from "../provision/datadog/downtime.ts";
import type { RemoteResource } from "../provision/resource.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { openHost } from "./host.ts";
import { openTarget } from "./provisioning/stage.ts";
import { createProgress } from "./terminal/progress.ts";

const actions = ["start", "end"] as const;
/** Seconds; longer is no downtime but an alert that nobody wants. */
const longest = 30 * 86_400;

export const downtime = defineCommand({
  name: "downtime",
  description: `
Mutes the alerts of one job in Datadog for a while, and no others: before the disk is changed, before the server moves. It ends by itself, so that
nothing stays silent because somebody forgot it. Only the alerts are muted: the job runs, and what it does is measured.

start   mutes them from now on for the time that --for says; when it is in force already, from now on for that time.
end     ends it now.

By default it is for the job on this host; --every-host mutes it wherever it runs.`,
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
  ],
  async run(invocation) {
    const [action = "", job = ""] = invocation.arguments;
    if (action !== "start" && action !== "end")
      throw new UsageError(`downtime ${action}: ${suggest(action, actions, "")}`);
    const seconds = action === "start" ? lengthOf(invocation) : 0;
    const { config } = await openHost(invocation);
    const isEverywhere = invocation.options["every-host"] === true;
    if (!isEverywhere && !Object.hasOwn(config.jobs, job))
      throw new UsageError(
        `there is no job ${JSON.stringify(job)}: ${suggest(job, Object.keys(config.jobs), "the configuration has none")}`,
      );
    const where = { job, host: isEverywhere ? null : config.host };
    const progress = createProgress(invocation.stderr, invocation.environment, invocation.now);
    const target = await openTarget(config.provisioning, invocation, progress);
    const existing = (await target.list("downtime", "")).filter((found) => isOf(found, where));
    if (action === "end") {
      for (const { remoteId } of existing) await target.remove("downtime", remoteId);
      report(invocation, { ...where, ended: existing.length, until: null, remoteId: null });
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
    const [first] = existing;
    const made =
      first === undefined
        ? await target.create("downtime", body, downtimeMark(where))
        : await target.update("downtime", first.remoteId, body);
    report(invocation, { ...where, ended: 0, until, remoteId: made.remoteId });
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
}

function report(invocation: Invocation, told: Told): void {
  if (invocation.json) {
    printJson(invocation, told);
    return;
  }
  const { job, host, until, ended, remoteId } = told;
  const where = `${job} on ${host ?? "every host"}`;
  if (until !== null)
    print(
      invocation,
      `alerts of ${where} are muted until ${new Date(until * 1000).toISOString()} (downtime ${remoteId})`,
    );
  else print(invocation, ended === 0 ? `alerts of ${where} were not muted by us` : `alerts of ${where} are told again`);
}

function lengthOf({ options }: Invocation): number {
  const { for: written } = options;
  const seconds = typeof written === "string" ? parseDuration(written) : null;
  if (seconds === null || seconds < 60) throw new UsageError("say how long: --for 90m, --for 2h; at least a minute");
  if (seconds > longest)
    throw new UsageError(`--for ${written} is too long: at most ${writeDuration(longest)}, then start it again`);
  return Math.round(seconds);
}

function isOf({ body }: RemoteResource, where: Parameters<typeof downtimeMark>[0]): boolean {
  const [found, own] = [downtimeIdentity.read(body), downtimeMark(where)];
  return found?.id === own.id && found.stack === own.stack;
}

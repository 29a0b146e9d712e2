import { createHash } from "node:crypto";
import type { hookFields } from "../config/hook-references.ts";
import { type Reference, replaceReferences } from "../config/references.ts";
import type { HookConfig, HookEvent } from "../config/requests.ts";
import type { SecretReference } from "../config/scalars.ts";
import type { Config } from "../config/schema.ts";
import { formatTimestamp } from "../model/quantity.ts";
import { exitCodeOf } from "../model/run/exit-codes.ts";
import { explainFailure, StepError, toStepError } from "../model/run/outcome.ts";
import { redact, type Secret } from "../model/secret.ts";
import { openRequest } from "../runners/http-call.ts";
import { addressOf } from "../tools/http-failure.ts";
import { type HttpRequest, sendRequest } from "../tools/http-request.ts";
import { summaryOfRun, type ToldRun } from "./hook-summary.ts";

export interface HookServices {
  readonly readSecret: (reference: SecretReference) => Secret;
  /** Told, without any secret, of each hook that could not be delivered. */
  readonly onProblem: (message: string) => void;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/**
 * Calls the hooks of a job that want to know of an event, all at once. Never throws: whatever becomes of them changes no run. Each takes
 * at most `attempts` × `answer_within`, and a pause of seconds between attempts.
 */
export async function sendHooks(config: Config, event: HookEvent, run: ToldRun, services: HookServices): Promise<void> {
  const hooks = config.jobs[run.job]?.hooks ?? [];
  const wanted = hooks.filter(({ on }) => on.includes(event));
  await Promise.all(wanted.map((hook) => sendHook(hook, { event, run, host: config.host }, services)));
}

interface Told {
  readonly event: HookEvent;
  readonly run: ToldRun;
  readonly host: string;
}

async function sendHook(hook: HookConfig, told: Told, services: HookServices): Promise<void> {
  const secrets: Secret[] = [];
  try {
    const request = requestOf(hook, told, (reference) => {
      const secret = services.readSecret(reference);
      secrets.push(secret);
      return secret;
    });
    const { answer_within: seconds, attempts } = hook;
    const { body } = await sendRequest(request, { seconds, attempts, signal: services.signal });
    // Older servers of healthchecks answer 200 whatever the URL is, and say in words what is wrong.
    const refused = hook.style === "healthchecks" ? /^OK \([\w ]{1,40}\)/.exec(body)?.[0] : undefined;
    if (refused !== undefined) {
      throw new StepError("config", `${addressOf(request.url)} answered "${refused}"`, {
        advice: "see that the URL is that of a check which exists, and that it is not called too often",
      });
    }
  } catch (error) {
    const why = redact(explainFailure(toStepError(error)), secrets);
    services.onProblem(`${told.run.job}: a hook for ${told.event} was not delivered: ${why}`);
  }
}

function requestOf(hook: HookConfig, told: Told, readSecret: HookServices["readSecret"]): HttpRequest {
  const written = replaceReferences(hook, (reference, [option]) =>
    fitting(meaningOf(reference, told), option, hook),
  ) as HookConfig;
  if (hook.style === "plain") return openRequest(written, readSecret);
  const body = written.body ?? summaryOfRun(told.run, told.host);
  const request = openRequest({ ...written, body }, readSecret);
  return { ...request, url: healthchecksUrl(request.url, told) };
}

/** What a reference stands for, in the notation of the place where it is written. */
function fitting(value: string, option: string | number | undefined, { headers }: HookConfig): string {
  if (option === "url") return encodeURIComponent(value);
  if (option === "headers") return value.replaceAll(/[^\x20-\x7e]+/g, " ");
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  return typeof type === "string" && /\bjson\b/.test(type) ? JSON.stringify(value).slice(1, -1) : value;
}

function meaningOf({ field }: Reference, { event, run, host }: Told): string {
  if (field === null) return host;
  const { id, job, outcome, reason, message, startedAt, finishedAt } = run;
  const timestamp = formatTimestamp(startedAt);
  const ended = {
    exit_code: outcome === null ? "" : String(exitCode(run)),
    duration_seconds: finishedAt === null ? "" : String((finishedAt - startedAt) / 1000),
  };
  const values: Readonly<Record<(typeof hookFields)[number], string | null>> = {
    ...{ id, job, timestamp, event, outcome, reason, message },
    ...ended,
  };
  return values[field as keyof typeof values] ?? "";
}

/**
 * `URL/start`, `URL` for success, `URL/<exit code>` for what is not, `URL/log` for a run that was skipped: it tells nothing of the data.
 * `rid` lets the server measure the run, and tell two of them apart. https://healthchecks.io/docs/http_api/ (2026-11)
 */
function healthchecksUrl(base: URL, { event, run }: Told): URL {
  const url = new URL(base);
  const signal = { start: "/start", success: "", skipped: "/log", partial: null, failed: null }[event];
  url.pathname = url.pathname.replace(/\/+$/, "") + (signal ?? `/${exitCode(run)}`);
  url.searchParams.set("rid", uuidOf(run.id));
  return url;
}

function exitCode(run: ToldRun): number {
  return exitCodeOf(run, !run.journaled, null);
}

/** The same for the start of a run and for its end, whoever tells of it: a UUID made of a name (version 5). */
export function uuidOf(runId: string): string {
  const bytes = createHash("sha1").update(`pantheros run ${runId}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

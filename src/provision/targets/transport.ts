import { StepError } from "../../model/run/outcome.ts";
import type { Secret } from "../../model/secret.ts";
import { type Announced, createRateGate } from "./rate-gate.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON, as text. */
  readonly body?: string;
  /** What the call is about, for messages: `monitor disk-usage`. */
  readonly about: string;
  /** Whether doing it twice is as good as doing it once. @default true */
  readonly repeatable?: boolean;
}

/** An answer below 500 that is JSON. */
export interface Answer {
  readonly status: number;
  readonly json: unknown;
}

export interface TransportOptions {
  /** `https://api.datadoghq.com`. */
  readonly url: string;
  readonly apiKey: Secret;
  readonly applicationKey: Secret;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: () => number;
  /** @throws the signal's reason once it has been aborted */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Milliseconds for one exchange. @default 30 000 */
  readonly timeout?: number;
  /** Milliseconds that all waiting of this command may take together. @default 300 000 */
  readonly patience?: number;
  readonly onWait?: (why: string, milliseconds: number) => void;
}

export type Send = (call: Call) => Promise<Answer>;

const attempts = 5;
/** Milliseconds before the second attempt; doubles. */
const firstPause = 500;

/** In paths: numbers, ids of dashboards and SLOs, names of metrics; what is left is a route, which is what limits are counted by. */
const identifiers = /(?<!\/api)\/(?:[\w-]*\d[\w-]*|\w{3}-\w{3}-\w{3}|(?<=\/metrics\/)[^/]+)(?=\/|$)/g;

/** A call that may or may not have done its work: nobody knows before somebody has looked. */
export class UncertainError extends StepError {}

/**
 * Sends calls, each with its own time limit, within the announced rate limits, and again after what can pass. A call that is not
 * repeatable is sent once, unless the server has said that it did nothing.
 * @throws UncertainError for a call that is not repeatable and has no usable answer; StepError `network`, `throttled`, `auth`, `unknown`
 */
export function createTransport(options: TransportOptions): Send {
  const { now, random, onWait = () => undefined, patience = 300_000, signal } = options;
  let waited = 0;

  const pause = async (milliseconds: number, why: string, failure: () => StepError) => {
    if (waited + milliseconds > patience) throw failure();
    waited += milliseconds;
    if (milliseconds > 2000) onWait(why, milliseconds);
    await options.wait(milliseconds);
  };
  const gate = createRateGate({
    now,
    wait: (milliseconds) => pause(milliseconds, "the announced rate limit", () => throttled("a call", milliseconds)),
  });

  return async (call) => {
    for (let attempt = 1; ; attempt += 1) {
      const leave = await gate.enter(`${call.method} ${call.path.replaceAll(identifiers, "/*")}`);
      const result = await exchange(call, options, signal);
      leave("announced" in result ? result.announced : null);
      if ("answer" in result) return result.answer;
      if (result.isUndone) {
        const milliseconds = (result.announced?.reset ?? 2 ** attempt) * 1000 + random() * 500;
        await pause(milliseconds, "Datadog asked to slow down", () => throttled(call.about, milliseconds));
        continue;
      }
      const { failure } = result;
      if (failure.reason === "cancelled" || !result.isPassing) throw failure;
      if (call.repeatable === false) throw new UncertainError(failure.reason, failure.message, failure.details);
      if (attempt >= attempts) throw failure;
      await pause(firstPause * 2 ** (attempt - 1) * (0.5 + random()), failure.message, () => failure);
    }
  };
}

type Result =
  | { readonly answer: Answer; readonly announced: Announced | null }
  /** 429: the server has done nothing. */
  | { readonly isUndone: true; readonly announced: Announced | null }
  | {
      readonly isUndone: false;
      readonly failure: StepError;
      readonly isPassing: boolean;
      readonly announced: Announced | null;
    };

async function exchange(call: Call, options: TransportOptions, signal: AbortSignal): Promise<Result> {
  const { url, apiKey, applicationKey, timeout = 30_000 } = options;
  const address = new URL(call.path, url);
  for (const [name, value] of Object.entries(call.query ?? {})) address.searchParams.set(name, value);
  const limit = AbortSignal.timeout(timeout);
  try {
    const response = await fetch(address, {
      method: call.method,
      headers: {
        accept: "application/json",
        "DD-API-KEY": apiKey.reveal(),
        "DD-APPLICATION-KEY": applicationKey.reveal(),
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
      // Keys are not for whoever a redirection names.
      redirect: "manual",
      signal: AbortSignal.any([signal, limit]),
    });
    const text = await response.text();
    const announced = announcedIn(response.headers);
    if (response.status === 429) return { isUndone: true, announced };
    if (response.status >= 500) return failed(call, `Datadog answered ${response.status}`, announced);
    return { ...read(call, response, text, address.origin), announced };
  } catch (error) {
    if (signal.aborted) {
      const failure =
        signal.reason instanceof StepError ? signal.reason : new StepError("cancelled", "it was asked to stop");
      return { isUndone: false, failure, isPassing: false, announced: null };
    }
    const why = limit.aborted ? `no answer within ${timeout / 1000} s` : causeOf(error);
    return failed(call, `${address.origin}: ${why}`, null, error);
  }
}

function failed(call: Call, why: string, announced: Announced | null, cause?: unknown): Result {
  const advice = "try again; is the site right, and can this machine reach it?";
  const failure = new StepError("network", `${call.about}: ${why}`, { advice, cause });
  return { isUndone: false, failure, isPassing: true, announced };
}

type Read =
  | { readonly answer: Answer }
  | { readonly isUndone: false; readonly failure: StepError; readonly isPassing: boolean };

function read(call: Call, { status }: Response, text: string, origin: string): Read {
  const strange = (what: string, cause?: unknown): Read => {
    const failure = new StepError("network", `${call.about}: ${origin} answered ${status} with ${what}`, {
      advice: "is the site right, or does a proxy answer in its place? see provisioning.datadog.site",
      cause,
    });
    // A page instead of an answer stays; but whether the work was done behind it is not known.
    return { isUndone: false, failure, isPassing: call.repeatable === false };
  };
  if (status >= 300 && status < 400) return strange("another address");
  if (text.trim() === "") return { answer: { status, json: null } };
  try {
    return { answer: { status, json: JSON.parse(text) as unknown } };
  } catch (cause) {
    return strange(/^\s*</.test(text) ? "a web page" : "something that is no JSON", cause);
  }
}

function throttled(about: string, milliseconds: number): StepError {
  const seconds = Math.ceil(milliseconds / 1000);
  return new StepError("throttled", `${about}: Datadog asks to wait ${seconds} s, longer than a sync waits`, {
    advice: `sync again in ${Math.ceil(seconds / 60)} min: what was written stays, and the rest follows`,
  });
}

function announcedIn(headers: Headers): Announced | null {
  const [remaining, limit, reset] = ["remaining", "limit", "reset"].map((name) => {
    const value = headers.get(`x-ratelimit-${name}`);
    return value === null || !Number.isFinite(Number(value)) ? null : Number(value);
  });
  if (typeof reset !== "number") return null;
  return { remaining: remaining ?? 0, limit: limit ?? 1, reset };
}

/** undici says `fetch failed` and keeps the reason to itself. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}

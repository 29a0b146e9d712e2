import type { IncomingMessage, RequestOptions } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { passingReasons, StepError } from "../model/run/outcome.ts";
import { version } from "../model/version.ts";
import { cancellation } from "./cancellation.ts";
import { addressOf, noAnswer, refusal, refusedRedirect, unreachable } from "./http-failure.ts";

/** One HTTP request. Its URL and headers may be secret: no message holds more of them than scheme, host and port. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: "GET" | "POST" | "HEAD";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** At most its first 4 KiB. */
  readonly body: string;
}

export interface SendOptions {
  /** For one attempt, everything: name, connection, answer, redirects. */
  readonly seconds: number;
  readonly attempts: number;
  readonly signal: AbortSignal;
}

/** What more is said than this is not read, in bytes. */
const mostRead = 4096;
/** How long the rest of an answer is waited for once its status has come: it changes nothing any more. Seconds. */
const bodySeconds = 2;
const mostRedirects = 3;

/**
 * Sends a request and waits for its answer, directly: proxies of the environment are not asked. A redirect is followed on the same host
 * only, or from http to https there: whatever else it leads to must not learn the URL and the headers.
 * @throws StepError `network`, `throttled`, `auth`, `config`; what the signal was aborted with
 */
export async function sendRequest(request: HttpRequest, options: SendOptions): Promise<HttpAnswer> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(request, options);
    } catch (error) {
      const canPass = error instanceof StepError && passingReasons.has(error.reason);
      if (!canPass || number >= options.attempts) throw error;
      await sleep(2 ** (number - 1) * 1000, undefined, { signal: options.signal }).catch(() => {
        throw cancellation(addressOf(request.url), options.signal);
      });
    }
  }
}

async function attempt(request: HttpRequest, options: SendOptions): Promise<HttpAnswer> {
  const limit = AbortSignal.timeout(options.seconds * 1000);
  const signal = AbortSignal.any([options.signal, limit]);
  let current = request;
  try {
    for (let redirects = 0; ; redirects += 1) {
      signal.throwIfAborted();
      const { location, ...answer } = await exchange(current, signal);
      if (answer.status >= 400) throw refusal(current.url, answer.status);
      if (answer.status < 300) return answer;
      if (redirects >= mostRedirects)
        throw refusedRedirect(request.url, `redirects more often than ${mostRedirects} times`);
      current = redirected(current, answer.status, location);
    }
  } catch (error) {
    if (options.signal.aborted) throw cancellation(addressOf(request.url), options.signal);
    if (error instanceof StepError) throw error;
    throw limit.aborted ? noAnswer(current.url, options.seconds) : unreachable(current.url, error);
  }
}

async function exchange({ url, method, headers, body }: HttpRequest, signal: AbortSignal) {
  // Loaded at the first call: what calls nobody need not pay for it.
  const { Agent, request: send } = await import(url.protocol === "https:" ? "node:https" : "node:http");
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer & { readonly location: string | undefined }>();
  const describesBody = {
    "content-type": "text/plain; charset=utf-8",
    "content-length": String(Buffer.byteLength(body ?? "")),
  };
  const options: RequestOptions = {
    method,
    signal,
    // One of its own knows no proxy and keeps nothing open.
    agent: new Agent({ keepAlive: false }),
    headers: { "user-agent": `pantheros/${version}`, ...(body === undefined ? {} : describesBody), ...headers },
  };
  const call = send(url, options, (response: IncomingMessage) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => {
      clearTimeout(patience);
      const text = Buffer.concat(chunks).subarray(0, mostRead).toString("utf8");
      resolve({ status: response.statusCode ?? 0, body: text, location: response.headers.location });
      response.destroy();
    };
    const patience = setTimeout(finish, bodySeconds * 1000);
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= mostRead) finish();
    });
    // Cut off or not: its status has been said.
    for (const end of ["end", "error", "close"]) response.once(end, finish);
  });
  // Stays when it has been answered: what becomes of the connection then is nobody's business.
  call.on("error", reject);
  call.end(body);
  return await promise;
}

/** The request that a redirect asks for. @throws StepError `config` when it must not be sent */
function redirected(request: HttpRequest, status: number, location: string | undefined): HttpRequest {
  const { url, method } = request;
  if (location === undefined || !URL.canParse(location, url.href))
    throw refusedRedirect(url, `answered ${status}, but does not say where to go`);
  const to = new URL(location, url);
  const upgraded = url.protocol === "http:" && to.protocol === "https:" && to.hostname === url.hostname;
  if (to.origin !== url.origin && !upgraded)
    throw refusedRedirect(url, `redirects to ${addressOf(to)}, which must not learn what is secret`);
  if (method === "POST" && status !== 307 && status !== 308)
    throw refusedRedirect(url, `answered a POST with the redirect ${status}, which would lose its body`);
  // What the URL brought along to be let in belongs to the same host.
  to.username = url.username;
  to.password = url.password;
  return { ...request, url: to };
}

import type { IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import { StepError } from "../../model/run/outcome.ts";
import { version } from "../../model/version.ts";
import { cancellation } from "../cancellation.ts";
import { addressOf, noAnswer, unreachable } from "../http-failure.ts";

export interface RestAnswer {
  readonly status: number;
  /** Its content type; empty: it has none. */
  readonly type: string;
  readonly body: Buffer;
}

export interface RestClient {
  /** Ends with a slash, without a login. */
  readonly url: URL;
  /**
   * One request below the URL. Redirects are not followed: they are an answer.
   * @param most what is taken of its body, bytes
   * @throws StepError `network`, `config`, `cancelled`, `unknown` (a longer body)
   */
  ask(method: "GET" | "HEAD", path: string, most: number, headers?: Record<string, string>): Promise<RestAnswer>;
}

export interface RestAccess {
  readonly signal: AbortSignal;
  /** For the whole of an answer. */
  readonly seconds: number;
  /** `user:password` */
  readonly login?: string;
  /** PEM of who signed the server's certificate; read at the first request. */
  readonly trusted?: () => string;
  /** PEM of a certificate and key of our own. */
  readonly certificate?: () => string;
}

/** Connections are kept for the next request. */
export function createRestClient(url: URL, access: RestAccess): RestClient {
  const { login, seconds } = access;
  const authorization = login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
  const own = { "user-agent": `pantheros/${version}`, ...authorization };
  let agent: RequestOptions["agent"];

  async function exchange(path: string, most: number, options: RequestOptions): Promise<RestAnswer> {
    // Loaded at the first request: most repositories are no REST server.
    const { Agent, request } = await import(url.protocol === "https:" ? "node:https" : "node:http");
    agent ??= new Agent({ keepAlive: true, ...tlsOf(access) });
    const { promise, resolve, reject } = Promise.withResolvers<RestAnswer>();
    const call = request(new URL(path, url), { ...options, agent }, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > most) response.destroy(tooMuch(url, most));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, type: headers["content-type"] ?? "", body: Buffer.concat(chunks) });
      });
    });
    call.on("error", reject);
    call.end();
    return await promise;
  }

  return {
    url,
    async ask(method, path, most, headers = {}) {
      const limit = AbortSignal.timeout(Math.ceil(seconds * 1000));
      const signal = AbortSignal.any([access.signal, limit]);
      try {
        signal.throwIfAborted();
        return await exchange(path, most, { method, signal, headers: { ...own, ...headers } });
      } catch (error) {
        if (access.signal.aborted) throw cancellation(addressOf(url), access.signal);
        if (error instanceof StepError) throw error;
        throw limit.aborted ? noAnswer(url, Math.round(seconds)) : failed(url, error);
      }
    },
  };
}

function tlsOf({ trusted, certificate }: RestAccess) {
  try {
    const ours = certificate?.();
    return {
      ...(trusted === undefined ? {} : { ca: trusted() }),
      ...(ours === undefined ? {} : { cert: ours, key: ours }),
    };
  } catch (cause) {
    throw new StepError("config", `a certificate cannot be read: ${(cause as Error).message}`, {
      advice: "see RESTIC_CACERT and RESTIC_TLS_CLIENT_CERT in the repository's environment",
      cause,
    });
  }
}

function failed(url: URL, cause: unknown): StepError {
  const failure = unreachable(url, cause);
  if (!failure.message.includes("certificate")) return failure;
  const advice = "renew it, or name who signed it in RESTIC_CACERT of the repository's environment";
  return new StepError(failure.reason, failure.message, { ...failure.details, advice });
}

function tooMuch(url: URL, most: number): StepError {
  return new StepError("unknown", `${addressOf(url)} answers with more than ${most} bytes`, {
    advice: "see that what answers there is restic's REST server; so large a listing is not taken in",
  });
}

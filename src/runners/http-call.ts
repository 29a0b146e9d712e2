import type { RequestOptions } from "../config/requests.ts";
import type { SecretReference } from "../config/scalars.ts";
import { StepError } from "../model/run/outcome.ts";
import type { Secret } from "../model/secret.ts";
import type { HttpRequest } from "../tools/http-request.ts";

/**
 * The request that a step or a hook describes, with its secrets read.
 * @param options references in it resolved
 * @throws StepError `auth` for a secret that cannot be read, `config` for one that is no URL or no line
 */
export function openRequest(
  { url, method, headers, body }: Pick<RequestOptions, "url" | "method" | "headers" | "body">,
  readSecret: (reference: SecretReference) => Secret,
): HttpRequest {
  const sends = method ?? (body === undefined ? "GET" : "POST");
  return {
    url: typeof url === "string" ? urlOf(url, "what is written as url") : secretUrl(readSecret(url)),
    method: sends,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === "string" ? value : readSecret(value).reveal(),
      ]),
    ),
    body: sends === "POST" ? (body ?? "") : undefined,
  };
}

function secretUrl(secret: Secret): URL {
  return urlOf(secret.reveal().trim(), `what ${secret.origin} holds`);
}

function urlOf(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw new StepError("config", `${what} is no URL that begins with http:// or https://`, {
    advice: "write the whole URL, on one line",
  });
}

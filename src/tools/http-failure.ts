import { type Reason, StepError } from "../model/run/outcome.ts";

/** What of a URL may be shown: the rest may be secret. */
export function addressOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}

const wrongToken = "see that the token in headers is right and still valid";
const statuses: Readonly<Record<number, readonly [Reason, string]>> = {
  401: ["auth", wrongToken],
  403: ["auth", wrongToken],
  404: ["config", "see that the URL is right: nothing is known there by it"],
  408: ["network", "see that the connection is not too slow for it"],
  410: ["config", "see that the URL is right: what was there is gone"],
  429: ["throttled", "call it less often"],
  503: ["throttled", "wait; if it lasts, look at that server"],
};

/** The failure behind a status from 400. */
export function refusal(url: URL, status: number): StepError {
  const otherwise: readonly [Reason, string] =
    status >= 500 ? ["network", "look at that server"] : ["config", "see what it expects: URL, method, headers, body"];
  const [reason, advice] = statuses[status] ?? otherwise;
  return new StepError(reason, `${addressOf(url)} answered ${status}`, { advice });
}

export function refusedRedirect(url: URL, why: string): StepError {
  return new StepError("config", `${addressOf(url)} ${why}`, { advice: "write the URL that it leads to in the end" });
}

export function noAnswer(url: URL, seconds: number): StepError {
  return new StepError("network", `${addressOf(url)}: no answer within ${seconds} s`, {
    advice: "see that the URL is right and that no firewall swallows the connection",
  });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "it closed the connection without an answer",
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up now",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  EPROTO: "it does not speak TLS there",
};
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ALTNAME/;

/** The failure behind what Node threw: no answer has come. */
export function unreachable(url: URL, cause: unknown): StepError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const address = addressOf(url);
  if (code === "ERR_INVALID_CHAR") {
    return new StepError("config", `a header for ${address} holds a character that HTTP does not allow`, {
      advice: "look at headers, and at the files that they name",
    });
  }
  if (untrusted.test(code)) {
    return new StepError("network", `${address} shows a certificate that is not trusted (${code})`, {
      cause,
      advice: "renew it, or let this machine trust who signed it: NODE_EXTRA_CA_CERTS=/path/of/ca.pem",
    });
  }
  const why = words[code] ?? (code.startsWith("HPE_") ? `what it answers is not HTTP (${code})` : code || message);
  return new StepError("network", `${address} cannot be reached: ${why}`, {
    cause,
    advice: "see that the URL is right and can be reached from this host",
  });
}

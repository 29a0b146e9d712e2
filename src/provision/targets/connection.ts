import { StepError } from "../../model/run/outcome.ts";
import { isBody } from "../resource.ts";
import { errorsIn, refuseReading } from "./kind-api.ts";
import { type Answer, createTransport, type Send, type TransportOptions } from "./transport.ts";

/** Calls to Datadog, and which of the two keys it is that it does not take. */
export interface Connection {
  readonly send: Send;
  /**
   * Looks at the API key; nothing asks about the application key alone: the first reading does.
   * @throws StepError `auth` that names where the key is from
   */
  readonly check: () => Promise<void>;
}

/** Its `send` throws StepError `auth` for a reading that is refused: whether it is the API key or the application key is asked then. */
export function openConnection(options: TransportOptions): Connection {
  const send = createTransport(options);
  let checked: Promise<void> | null = null;
  // Asked once: readings that are refused at the same time are refused for the same key.
  const check = () => {
    checked ??= checkApiKey(send, options);
    return checked;
  };
  return {
    check,
    async send(call) {
      const answer = await send(call);
      if (call.method !== "GET" || !isRefused(answer)) return answer;
      await check();
      throw refusedApplicationKey(answer, call.about, options);
    },
  };
}

const isRefused = ({ status }: Answer) => status === 401 || status === 403;

/** It looks at the API key and at nothing else, https://docs.datadoghq.com/api/latest/authentication/ */
async function checkApiKey(send: Send, { url, apiKey }: TransportOptions): Promise<void> {
  const about = "checking the API key";
  const answer = await send({ method: "GET", path: "/api/v1/validate", about });
  const isValid = isBody(answer.json) ? answer.json["valid"] : null;
  if (answer.status === 200 && isValid === true) return;
  if (!isRefused(answer) && isValid !== false) throw refuseReading(answer, about);
  throw new StepError("auth", `${url} does not accept the API key from ${apiKey.origin}`, {
    advice: "is it a key of this site? are the two keys swapped? see provisioning.datadog.site and .api_key",
  });
}

function refusedApplicationKey(answer: Answer, about: string, { url, apiKey, applicationKey }: TransportOptions) {
  const said = errorsIn(answer).join("; ") || `it answered ${answer.status}`;
  return new StepError(
    "auth",
    `${about}: ${url} accepts the API key, but not the application key from ${applicationKey.origin}: ${said}`,
    {
      advice: `is it of the same organisation as the API key from ${apiKey.origin}, and may it read this (monitors_read, slos_read, dashboards_read, metrics_read)?`,
    },
  );
}

import { StepError } from "../../model/run/outcome.ts";
import { isBody, type RemoteResource } from "../resource.ts";
import type { Answer, Send } from "./transport.ts";

/** What is special about one kind of resource in the API; the rest is the same for all. */
export interface KindApi {
  /** Of the collection; one resource is `path/ID`. */
  readonly path: string;
  /**
   * Everything that carries all of these tags.
   * @throws StepError `disagreement` when it cannot be read completely
   */
  readonly list: (send: Send, tags: readonly string[]) => Promise<readonly RemoteResource[]>;
  /**
   * Those that have one of these titles, whoever owns them; of each at least its title and what a mark would be in.
   * @throws StepError `disagreement` when it cannot be read completely
   */
  readonly titled?: (send: Send, titles: ReadonlySet<string>) => Promise<readonly RemoteResource[]>;
  /** @throws StepError `unknown` for what is none of its kind */
  readonly read: (json: unknown, about: string) => RemoteResource;
  /** Null: there is no such call for this kind. */
  readonly validationPath: ((remoteId: string | null) => string) | null;
  /** @returns why it cannot be deleted, null: it can */
  readonly blockers: (send: Send, remoteId: string) => Promise<string | null>;
}

/** What an answer that is no success means. @param isWrite whether something was to be changed */
export function refuse(answer: Answer, about: string, isWrite = false): StepError {
  const said = errorsIn(answer).join("; ") || `Datadog answered ${answer.status}`;
  if (answer.status === 401 || answer.status === 403) {
    const advice = isWrite
      ? "give the application key the right to write (monitors_write, dashboards_write, slos_write, monitors_downtime, metrics_metadata_write), or use one that has it"
      : "check provisioning.datadog: api_key, application_key and site must be of one organisation";
    return new StepError("auth", `${about}: the keys were refused: ${said}`, { advice });
  }
  if (answer.status === 404) {
    return new StepError("source", `${about}: it is not there any more: ${said}`, {
      advice: "somebody has deleted it meanwhile: sync again, which makes it anew",
    });
  }
  return new StepError("config", `${about}: ${said}`, { advice: "correct the definition, then sync again" });
}

/** What it means that a question which nothing of ours is part of – what is there? – has no usable answer. */
export function refuseReading(answer: Answer, about: string): StepError {
  if (answer.status === 401 || answer.status === 403) return refuse(answer, about);
  const said = answer.status === 200 ? "what was answered is not understood" : `it answered ${answer.status}`;
  return new StepError("network", [`${about}: ${said}`, ...errorsIn(answer)].join(": "), {
    advice: "is the site right, or does a proxy answer in its place? see provisioning.datadog.site",
  });
}

/** What the API objects to, in its own words. */
export function errorsIn({ json }: Answer): readonly string[] {
  const errors = isBody(json) ? json["errors"] : null;
  return Array.isArray(errors)
    ? errors.map((error) => (typeof error === "string" ? error : JSON.stringify(error)))
    : [];
}

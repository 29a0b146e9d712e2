import { StepError } from "../../model/run/outcome.ts";
import { type Body, isBody } from "../resource.ts";
import { serialise } from "./datadog.ts";
import { errorsIn, refuse, refuseReading } from "./kind-api.ts";
import type { Answer, Send } from "./transport.ts";

/** https://docs.datadoghq.com/api/latest/metrics/#get-metric-metadata */
const path = (name: string) => `/api/v1/metrics/${name}`;
/** What can be written; `integration` is Datadog's own. */
const writable = ["description", "per_unit", "short_name", "statsd_interval", "type", "unit"] as const;

/** @returns null: nobody has ever reported this metric */
export async function readMetadata(send: Send, name: string): Promise<Body | null> {
  const about = `reading the metadata of ${name}`;
  const answer = await send({ method: "GET", path: path(name), about });
  if (answer.status === 404) return null;
  if (answer.status !== 200 || !isBody(answer.json)) throw refuseReading(answer, about);
  return answer.json;
}

/**
 * Changes these fields alone: the others are sent back as they are, since nobody promises that what is not sent stays.
 * @throws StepError `source` for a metric that Datadog does not know
 */
export async function writeMetadata(send: Send, name: string, fields: Body): Promise<void> {
  const about = `writing the metadata of ${name}`;
  const found = await readMetadata(send, name);
  if (found === null) throw unknownMetric(about);
  const body = await serialise("metric", { ...kept(found), ...fields });
  const answer = await send({ method: "PUT", path: path(name), body, about });
  if (answer.status === 404 || isOfUnknownMetric(answer)) throw unknownMetric(about);
  if (answer.status !== 200) throw refuse(answer, about, true);
}

/** Distributions are made by how they are reported: as a type to write, the word is refused. */
function kept(found: Body): Body {
  const fields = writable.flatMap((field) => {
    const value = found[field] ?? null;
    return value === null || value === "distribution" ? [] : [[field, value] as const];
  });
  return Object.fromEntries(fields);
}

/** DataDog/datadog-sync-cli#617, July 2026: what a write to a metric that is not there is answered with; 404 before. */
const isOfUnknownMetric = (answer: Answer) =>
  answer.status === 400 && errorsIn(answer).includes("error updating metric metadata");

function unknownMetric(about: string): StepError {
  return new StepError("source", `${about}: Datadog does not know this metric`, {
    advice: "it knows a metric from the moment when it is first reported: sync again then",
  });
}

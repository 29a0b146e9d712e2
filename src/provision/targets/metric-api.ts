import { type Body, isBody } from "../resource.ts";
import { serialise } from "./datadog.ts";
import { refuse } from "./kind-api.ts";
import type { Send } from "./transport.ts";

/** https://docs.datadoghq.com/api/latest/metrics/#get-metric-metadata */
const path = (name: string) => `/api/v1/metrics/${name}`;

/** @returns null: nobody has ever reported this metric */
export async function readMetadata(send: Send, name: string): Promise<Body | null> {
  const about = `reading the metadata of ${name}`;
  const answer = await send({ method: "GET", path: path(name), about });
  if (answer.status === 404) return null;
  if (answer.status !== 200 || !isBody(answer.json)) throw refuse(answer, about);
  return answer.json;
}

/** Changes these fields alone. */
export async function writeMetadata(send: Send, name: string, fields: Body): Promise<void> {
  const about = `writing the metadata of ${name}`;
  const body = await serialise("metric", fields);
  const answer = await send({ method: "PUT", path: path(name), body, about });
  if (answer.status !== 200) throw refuse(answer, about, true);
}

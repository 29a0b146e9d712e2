import { StepError } from "../../model/run/outcome.ts";
import { isSame } from "../normal-form.ts";
import { type Body, isBody, type Kind } from "../resource.ts";

/**
 * The shape of bodies as Datadog's own client knows it. It is loaded when the first body is about to be sent – only the models of API v1,
 * without the 200 000 lines of v2 –, and its transport is not used: it repeats POST, and leaves the network to the caller.
 */
const models = {
  monitor: "Monitor",
  slo: "ServiceLevelObjectiveRequest",
  dashboard: "Dashboard",
  downtime: "Downtime",
  metric: "MetricMetadata",
} as const satisfies Record<Kind, string>;

/**
 * A body as text, once the client has read it and written the same again: a key that it does not know, a value that it cannot parse or that
 * would be dropped is an error here and not a surprise there.
 * @throws StepError `config` that names the key
 */
export async function serialise(kind: Kind, body: Body): Promise<string> {
  const { ObjectSerializer } = await import(
    "@datadog/datadog-api-client/dist/packages/datadog-api-client-v1/models/ObjectSerializer.js"
  );
  const read = (part: Body): unknown => ObjectSerializer.deserialize(part, models[kind], "");
  const typed = attempted(kind, body, read);
  const strange = strangeIn(typed, "");
  if (strange.length > 0) throw refused(kind, `Datadog's client does not know ${strange.join(", ")}`);
  const write = (value: unknown) =>
    JSON.parse(JSON.stringify(ObjectSerializer.serialize(value, models[kind], ""))) as Body;
  const written = attempted(kind, body, (part) => write(part === body ? typed : read(part)));
  if (!isSame(written, body))
    throw refused(kind, `Datadog's client would send something else than was meant: ${lost(body, written)}`);
  return JSON.stringify(body);
}

/** The client throws what it cannot read at all: a value of another type, a field that must be there. */
function attempted<T>(kind: Kind, body: Body, attempt: (body: Body) => T): T {
  try {
    return attempt(body);
  } catch (error) {
    const said = saidOf(error);
    const path = fieldBehind(body, said, attempt);
    const named = said.replace(/'(\w+)'/, (_, name: string) => `'${apiName(name)}'`);
    throw refused(kind, `Datadog's client cannot read ${path === "" ? "it" : path}: ${named}`);
  }
}

/** The client does not say where: it is the field without whose value it says something else. Empty: it is none alone. */
function fieldBehind(body: Body, said: string, attempt: (body: Body) => unknown): string {
  const saysIt = (part: Body) => {
    try {
      attempt(part);
      return false;
    } catch (error) {
      return saidOf(error) === said;
    }
  };
  const found = Object.entries(body).find(([name]) => !saysIt({ ...body, [name]: null }));
  if (found === undefined) return "";
  const [name, inside] = found;
  const deeper = isBody(inside) ? fieldBehind(inside, said, (part) => attempt({ ...body, [name]: part })) : "";
  return deeper === "" ? name : join(name, deeper);
}

const saidOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Paths of what was not parsed: unknown keys, and values that are none of those allowed. */
function strangeIn(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => strangeIn(item, `${path}[${index}]`));
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  if ("_data" in value) return [`${path}: ${JSON.stringify(value._data)}`];
  return Object.entries(value).flatMap(([name, inside]: [string, unknown]) => {
    if (name === "_unparsed") return [];
    if (name === "additionalProperties" && isBody(inside) && isModel(value))
      return Object.keys(inside).map((key) => join(path, key));
    return strangeIn(inside, join(path, isModel(value) ? apiName(name) : name));
  });
}

const isModel = (value: object) => Object.getPrototypeOf(value) !== Object.prototype;
/** The client writes names its own way; a person knows those of the API. */
const apiName = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const join = (path: string, name: string) => (path === "" ? name : `${path}.${name}`);

function lost(meant: Body, written: Body): string {
  const names = Object.keys(meant).filter((name) => !isSame(meant[name] ?? null, written[name] ?? null));
  return names.join(", ");
}

function refused(kind: Kind, message: string): StepError {
  return new StepError("config", `${kind}: ${message}`, {
    advice: "correct the definition; nothing of it has been sent",
  });
}

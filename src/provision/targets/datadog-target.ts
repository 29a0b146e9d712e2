import { StepError, toStepError } from "../../model/run/outcome.ts";
import { formOf } from "../forms.ts";
import { type Body, type Kind, nameOf, type RemoteResource } from "../resource.ts";
import type { Target } from "../target.ts";
import { markWords } from "../unmarked.ts";
import { openConnection } from "./connection.ts";
import { dashboardApi } from "./dashboard-api.ts";
import { serialise } from "./datadog.ts";
import { downtimeApi } from "./downtime-api.ts";
import { errorsIn, type KindApi, refuse } from "./kind-api.ts";
import { monitorApi } from "./monitor-api.ts";
import { sloApi } from "./slo-api.ts";
import { type Answer, type Send, type TransportOptions, UncertainError } from "./transport.ts";

/** Attempts to make a resource when an answer is missing; before each one it is looked for. */
const creations = 3;

/** One line for each kind that can be written. */
const apis: Partial<Record<Kind, KindApi>> = {
  monitor: monitorApi,
  slo: sloApi,
  dashboard: dashboardApi,
  downtime: downtimeApi,
};

function apiOf(kind: Kind): KindApi {
  const api = apis[kind];
  if (api === undefined) throw new Error(`resources of kind ${kind} cannot be written to Datadog`);
  return api;
}

/** Datadog as a place to provision. */
export function createDatadog(options: TransportOptions): Target {
  const { send, check } = openConnection(options);
  const tagsOf = (stack: string) => ["managed_by:pantheros", `pantheros_stack:${stack}`];
  return {
    check,
    list: (kind, stack) => apiOf(kind).list(send, tagsOf(stack)),
    titled: async (kind, titles) => (await apiOf(kind).titled?.(send, titles)) ?? [],
    async find(kind, remoteId) {
      const about = `reading ${kind} ${remoteId}`;
      const answer = await send({ method: "GET", path: `${apiOf(kind).path}/${remoteId}`, about });
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw refuse(answer, about);
      return apiOf(kind).read(answer.json, about);
    },
    checks: (kind) => apiOf(kind).validationPath !== null,
    async validate(kind, body, remoteId) {
      const { validationPath } = apiOf(kind);
      const text = await serialise(kind, body);
      if (validationPath === null) return [];
      const about = `validating ${kind} ${String(body["name"] ?? body["title"] ?? "")}`;
      const answer = await send({ method: "POST", path: validationPath(remoteId), body: text, about });
      if (answer.status === 200) return [];
      if (answer.status !== 400) throw refuse(answer, about);
      return errorsIn(answer);
    },
    create: (kind, body, mark) => create(send, kind, body, mark),
    async update(kind, remoteId, body) {
      const api = apiOf(kind);
      const about = `updating ${kind} ${remoteId}`;
      const text = await serialise(kind, body);
      const call = { method: "PUT", path: `${api.path}/${remoteId}`, body: text, about } as const;
      const answer = await send(call).catch((cause: unknown) => {
        throw inDoubt(toStepError(cause), "written");
      });
      if (answer.status !== 200) throw refuse(answer, about, true);
      return api.read(answer.json, about);
    },
    async removable(kind, remoteIds) {
      const reasons = new Map<string, string | null>();
      for (const remoteId of remoteIds) reasons.set(remoteId, await apiOf(kind).blockers(send, remoteId));
      return reasons;
    },
    async remove(kind, remoteId) {
      const about = `deleting ${kind} ${remoteId}`;
      const call = { method: "DELETE", path: `${apiOf(kind).path}/${remoteId}`, about } as const;
      const answer = await send(call).catch((cause: unknown) => {
        throw inDoubt(toStepError(cause), "deleted");
      });
      if (answer.status >= 300 && answer.status !== 404) throw refuse(answer, about, true);
    },
  };
}

type OwnMark = { readonly stack: string; readonly id: string };

/** POST is sent again only after what it may have made was looked for. */
async function create(send: Send, kind: Kind, body: Body, mark: OwnMark): Promise<RemoteResource> {
  const api = apiOf(kind);
  const about = `creating ${nameOf({ kind, id: mark.id })}`;
  const text = await serialise(kind, body);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await send({ method: "POST", path: api.path, body: text, about, repeatable: false });
      if (answer.status === 200 || answer.status === 201) return api.read(answer.json, about);
      return await twinOf(send, kind, answer, mark, about);
    } catch (error) {
      if (!(error instanceof UncertainError)) throw error;
      const made = await find(send, kind, mark).catch((cause: unknown) => {
        throw lostFromSight(toStepError(cause), about);
      });
      if (made !== null) return made;
      if (attempt >= creations) throw error;
    }
  }
}

/** The answer was missing, and then nobody could look. */
function lostFromSight(cause: StepError, about: string): StepError {
  if (cause.reason === "cancelled") return cause;
  return new StepError(cause.reason, `${about}: it may have been made or not: ${cause.message}`, {
    advice: "sync again: it looks first, and makes nothing twice",
    cause,
  });
}

/** No usable answer, however often it was sent: each time the work may have been done. */
function inDoubt(cause: StepError, what: string): StepError {
  if (cause.reason !== "network") return cause;
  const advice = "run it again: it looks first, and does only what is left";
  return new StepError(cause.reason, `${cause.message}; it may have been ${what} all the same`, { advice, cause });
}

async function find(send: Send, kind: Kind, { stack, id }: OwnMark): Promise<RemoteResource | null> {
  const tags = ["managed_by:pantheros", `pantheros_stack:${stack}`, `pantheros_id:${id}`];
  const found = (await apiOf(kind).list(send, tags)).filter(({ body }) => isMarked(kind, body, { stack, id }));
  if (found.length > 1)
    throw new StepError(
      "config",
      `there are ${found.length} resources of the id ${id} now: ${found.map(({ remoteId }) => remoteId).join(", ")}`,
      { advice: "delete all but one, then sync again" },
    );
  return found[0] ?? null;
}

/** A duplicate is what an attempt without an answer has made – or somebody else's, which is not touched. */
async function twinOf(send: Send, kind: Kind, answer: Answer, mark: OwnMark, about: string): Promise<RemoteResource> {
  const api = apiOf(kind);
  const remoteId = /Duplicate of an existing \w+_id:\s*(\S+?)\b/i.exec(errorsIn(answer).join("\n"))?.[1];
  if (answer.status !== 400 || remoteId === undefined) throw refuse(answer, about, true);
  const existing = await send({ method: "GET", path: `${api.path}/${remoteId}`, about });
  if (existing.status === 200) {
    const twin = api.read(existing.json, about);
    if (isMarked(twin.kind, twin.body, mark)) return twin;
    const other = formOf(kind).identity.read(twin.body);
    if (other?.stack === mark.stack)
      throw new StepError("config", `${about}: ${other.id} (${remoteId}) does the same already, and is ours`, {
        advice: `if ${mark.id} is only its new name, say in its definition: formerly: ["${other.id}"]; else delete the other, or let them differ`,
      });
  }
  throw new StepError("config", `${about}: ${remoteId} does the same already and is not ours`, {
    advice: `if it is ours and has lost its mark: ${markWords(kind, mark)}; else rename or delete it, or let the definition differ`,
  });
}

function isMarked(kind: Kind, body: Body, { stack, id }: OwnMark): boolean {
  const found = formOf(kind).identity.read(body);
  return found?.stack === stack && found.id === id;
}

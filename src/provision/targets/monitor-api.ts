import { StepError } from "../../model/outcome.ts";
import { isBody, type RemoteResource } from "../resource.ts";
import { type KindApi, refuse } from "./kind-api.ts";

/** The largest that the API gives. */
const pageSize = 1000;
/** A thousand pages are a million monitors. */
const mostPages = 1000;

/** https://docs.datadoghq.com/api/latest/monitors/ */
export const monitorApi: KindApi = {
  path: "/api/v1/monitor",
  async list(send, tags) {
    const found = new Map<string, RemoteResource>();
    for (let page = 0; page < mostPages; page += 1) {
      const query = { page: String(page), page_size: String(pageSize), monitor_tags: tags.join(",") };
      const answer = await send({ method: "GET", path: monitorApi.path, query, about: "listing the monitors" });
      if (answer.status !== 200) throw refuse(answer, "listing the monitors");
      if (!Array.isArray(answer.json)) throw incomplete("the answer is no list");
      for (const item of answer.json as unknown[]) {
        const monitor = monitorApi.read(item, "listing the monitors");
        if (found.has(monitor.remoteId)) throw incomplete("it changed while it was read");
        found.set(monitor.remoteId, monitor);
      }
      if (answer.json.length < pageSize) return [...found.values()];
    }
    throw incomplete("it does not end");
  },
  read(json, about) {
    if (
      !isBody(json) ||
      typeof json["id"] !== "number" ||
      typeof json["query"] !== "string" ||
      typeof json["type"] !== "string"
    ) {
      throw new StepError("unknown", `${about}: what Datadog answered is no monitor`, {
        advice: "nothing is written over what is not understood; is this version of pantheros too old?",
      });
    }
    return { kind: "monitor", remoteId: String(json["id"]), modified: String(json["modified"] ?? ""), body: json };
  },
  validationPath: (remoteId) => `/api/v1/monitor/${remoteId === null ? "" : `${remoteId}/`}validate`,
  async blockers(send, remoteId) {
    const about = `asking whether monitor ${remoteId} can be deleted`;
    const query = { monitor_ids: remoteId };
    const answer = await send({ method: "GET", path: "/api/v1/monitor/can_delete", query, about });
    const data = isBody(answer.json) ? answer.json["data"] : null;
    const free = isBody(data) && Array.isArray(data["ok"]) ? data["ok"] : [];
    if (answer.status === 200 && free.map(String).includes(remoteId)) return null;
    if (answer.status !== 200 && answer.status !== 409) throw refuse(answer, about);
    const errors = isBody(answer.json) ? answer.json["errors"] : null;
    const own = isBody(errors) ? errors[remoteId] : null;
    return Array.isArray(own) ? own.join(", ") : "Datadog does not say that it can go";
  },
};

function incomplete(why: string): StepError {
  return new StepError("disagreement", `the monitors cannot be listed completely: ${why}`, {
    advice: "nothing has been written; try again",
  });
}

import { StepError } from "../../model/outcome.ts";
import { isBody, type RemoteResource } from "../resource.ts";
import { type KindApi, refuse } from "./kind-api.ts";

/** The largest that the API gives. */
const pageSize = 1000;

/** https://docs.datadoghq.com/api/latest/service-level-objectives/ */
export const sloApi: KindApi = {
  path: "/api/v1/slo",
  async list(send, tags) {
    const about = "listing the SLOs";
    const found = new Map<string, RemoteResource>();
    for (let offset = 0; ; offset += pageSize) {
      // It takes one tag alone: the narrowest; whose they are is looked at by who asks.
      const query = { limit: String(pageSize), offset: String(offset), tags_query: tags.at(-1) ?? "" };
      const answer = await send({ method: "GET", path: sloApi.path, query, about });
      const page = isBody(answer.json) ? answer.json["data"] : null;
      if (answer.status !== 200 || !Array.isArray(page)) throw refuse(answer, about);
      for (const slo of page.map((item) => sloApi.read(item, about))) {
        if (found.has(slo.remoteId))
          throw new StepError("disagreement", "the SLOs have changed while they were listed", {
            advice: "nothing has been written; try again",
          });
        found.set(slo.remoteId, slo);
      }
      if (page.length < pageSize) return [...found.values()];
    }
  },
  /** Writing answers with a list of one. */
  read(json, about) {
    const only = isBody(json) && Array.isArray(json["data"]) ? json["data"][0] : json;
    if (isBody(only) && typeof only["id"] === "string" && typeof only["type"] === "string") {
      return { kind: "slo", remoteId: only["id"], modified: String(only["modified_at"] ?? ""), body: only };
    }
    throw new StepError("unknown", `${about}: what Datadog answered is no SLO`, {
      advice: "is this version of pantheros too old?",
    });
  },
  validationPath: null,
  async blockers(send, remoteId) {
    const about = `asking whether SLO ${remoteId} can be deleted`;
    const answer = await send({ method: "GET", path: "/api/v1/slo/can_delete", query: { ids: remoteId }, about });
    if (answer.status !== 200 && answer.status !== 409) throw refuse(answer, about);
    const { data = null, errors = null } = isBody(answer.json) ? answer.json : {};
    if (isBody(data) && Array.isArray(data["ok"]) && data["ok"].includes(remoteId)) return null;
    return isBody(errors) ? String(errors[remoteId]) : "Datadog does not say that it can go";
  },
};

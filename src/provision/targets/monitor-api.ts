import { StepError } from "../../model/run/outcome.ts";
import { isBody, type RemoteResource } from "../resource.ts";
import { type KindApi, refuse, refuseReading } from "./kind-api.ts";
import { listPages, pagesByNumber } from "./listing.ts";
import type { Send } from "./transport.ts";

/** The largest that the API gives. */
const pageSize = 1000;
/** Names that are asked for one by one; for more of them, all monitors of an organisation are fewer requests. */
const fewNames = 10;

/** https://docs.datadoghq.com/api/latest/monitors/ */
export const monitorApi: KindApi = {
  path: "/api/v1/monitor",
  list: (send, tags) => listed(send, { monitor_tags: tags.join(",") }),
  async titled(send, titles) {
    const narrowed = titles.size > fewNames ? [{}] : [...titles].map((name) => ({ name }));
    const all = new Map<string, RemoteResource>();
    for (const query of narrowed) for (const monitor of await listed(send, query)) all.set(monitor.remoteId, monitor);
    // A name finds every monitor that has it in its own.
    return [...all.values()].filter(({ body }) => titles.has(String(body["name"])));
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

/** By pages: whether `id_offset`, which the description has as well, keeps to tags and the size of pages is recorded nowhere. */
const listed = (send: Send, narrowed: Readonly<Record<string, string>>) =>
  listPages<RemoteResource>({
    what: "the monitors",
    page: pagesByNumber(pageSize),
    idOf: ({ remoteId }) => remoteId,
    async read({ number, size }) {
      const about = "listing the monitors";
      const query = { page: String(number), page_size: String(size), ...narrowed };
      const answer = await send({ method: "GET", path: monitorApi.path, query, about });
      if (answer.status !== 200 || !Array.isArray(answer.json)) throw refuseReading(answer, about);
      return answer.json.map((item: unknown) => monitorApi.read(item, about));
    },
  });

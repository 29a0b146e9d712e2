import { StepError } from "../../model/run/outcome.ts";
import { isBody, type RemoteResource } from "../resource.ts";
import { type KindApi, refuse, refuseReading } from "./kind-api.ts";
import { listPages, pagesByOffset } from "./listing.ts";
import type { Send } from "./transport.ts";

/** The largest that the API gives. */
const pageSize = 1000;

/** https://docs.datadoghq.com/api/latest/service-level-objectives/ */
export const sloApi: KindApi = {
  path: "/api/v1/slo",
  // It takes one tag alone: the narrowest; whose they are is looked at by who asks.
  list: (send, tags) => listed(send, { tags_query: tags.at(-1) ?? "" }),
  titled: async (send, titles) => (await listed(send, {})).filter(({ body }) => titles.has(String(body["name"]))),
  /** Writing answers with a list of one, reading with the one. */
  read(json, about) {
    const { data = json } = isBody(json) ? json : {};
    const only: unknown = Array.isArray(data) ? data[0] : data;
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

const listed = (send: Send, narrowed: Readonly<Record<string, string>>) =>
  listPages<RemoteResource>({
    what: "the SLOs",
    page: pagesByOffset(pageSize),
    idOf: ({ remoteId }) => remoteId,
    async read({ size, offset }) {
      const about = "listing the SLOs";
      const query = { limit: String(size), offset: String(offset), ...narrowed };
      const answer = await send({ method: "GET", path: sloApi.path, query, about });
      const page = isBody(answer.json) ? answer.json["data"] : null;
      if (answer.status !== 200 || !Array.isArray(page)) throw refuseReading(answer, about);
      return page.map((item) => sloApi.read(item, about));
    },
  });

import { StepError } from "../../model/run/outcome.ts";
import { isBody, type RemoteResource } from "../resource.ts";
import { createSlots } from "../slots.ts";
import { type KindApi, refuse, refuseReading } from "./kind-api.ts";
import { listPages, pagesByOffset } from "./listing.ts";
import type { Send } from "./transport.ts";

/** As many as it gives without being asked. */
const pageSize = 100;
/** Bodies that are read at the same time. */
const atOnce = 4;

/** https://docs.datadoghq.com/api/latest/dashboards/ */
export const dashboardApi: KindApi = {
  path: "/api/v1/dashboard",
  /** The listing has descriptions, where the marks are, but no widgets: those of ours are read one by one. */
  async list(send, tags) {
    const marked = (await summaries(send)).filter(({ description }) =>
      tags.every((tag) =>
        String(description ?? "")
          .split(/\s+/)
          .includes(tag),
      ),
    );
    const slots = createSlots(atOnce);
    const found = await Promise.all(marked.map(({ id }) => slots(() => readOne(send, String(id)))));
    return found.filter((dashboard) => dashboard !== null);
  },
  async titled(send, titles) {
    return (await summaries(send))
      .filter(({ title }) => titles.has(String(title)))
      .map(({ id, title, description }) => ({
        kind: "dashboard",
        remoteId: id,
        modified: "",
        body: { title: String(title), description: String(description ?? "") },
      }));
  },
  read(json, about) {
    if (isBody(json) && typeof json["id"] === "string" && Array.isArray(json["widgets"])) {
      return { kind: "dashboard", remoteId: json["id"], modified: String(json["modified_at"] ?? ""), body: json };
    }
    throw new StepError("unknown", `${about}: what Datadog answered is no dashboard`, {
      advice: "nothing is written over what is not understood; is this version of pantheros too old?",
    });
  },
  validationPath: null,
  blockers: async () => null,
};

interface Summary {
  readonly id: string;
  readonly title?: unknown;
  readonly description?: unknown;
}

const summaries = (send: Send) =>
  listPages<Summary>({
    what: "the dashboards",
    page: pagesByOffset(pageSize),
    idOf: ({ id }) => id,
    async read({ size, offset }) {
      const about = "listing the dashboards";
      const query = { count: String(size), start: String(offset) };
      const answer = await send({ method: "GET", path: dashboardApi.path, query, about });
      const page = isBody(answer.json) ? answer.json["dashboards"] : null;
      if (answer.status !== 200 || !Array.isArray(page) || !page.every(isSummary)) throw refuseReading(answer, about);
      return page;
    },
  });

/** @returns null: somebody has deleted it since it was listed */
async function readOne(send: Send, id: string): Promise<RemoteResource | null> {
  const about = `reading dashboard ${id}`;
  const answer = await send({ method: "GET", path: `${dashboardApi.path}/${id}`, about });
  if (answer.status === 404) return null;
  if (answer.status !== 200) throw refuse(answer, about);
  return dashboardApi.read(answer.json, about);
}

function isSummary(value: unknown): value is Summary {
  return isBody(value) && typeof value["id"] === "string";
}

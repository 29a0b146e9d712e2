import { StepError } from "../../model/run/outcome.ts";
import { isBody } from "../resource.ts";
import { type KindApi, refuseReading } from "./kind-api.ts";

/** https://docs.datadoghq.com/api/latest/downtimes/, version 1: those that are in force or will be. */
export const downtimeApi: KindApi = {
  path: "/api/v1/downtime",
  async list(send) {
    const about = "listing the downtimes";
    const answer = await send({ method: "GET", path: downtimeApi.path, about });
    if (answer.status !== 200 || !Array.isArray(answer.json)) throw refuseReading(answer, about);
    return (answer.json as unknown[]).map((item) => downtimeApi.read(item, about)).filter(({ body }) => isLeft(body));
  },
  read(json, about) {
    if (isBody(json) && typeof json["id"] === "number") {
      return { kind: "downtime", remoteId: String(json["id"]), modified: String(json["modified"] ?? ""), body: json };
    }
    throw new StepError("unknown", `${about}: what Datadog answered is no downtime`, {
      advice: "is this version of pantheros too old?",
    });
  },
  validationPath: null,
  blockers: async () => null,
};

/** Not over, and not cancelled: Datadog also lists those. */
function isLeft({ canceled = null, disabled = false, status = null }: Readonly<Record<string, unknown>>): boolean {
  return canceled === null && disabled !== true && status !== "ended" && status !== "canceled";
}

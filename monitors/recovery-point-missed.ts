import { defineAlert } from "../src/model/alert/alert.ts";
import { below } from "../src/model/alert/condition.ts";
import { lowest } from "../src/model/alert/expression.ts";
import { half } from "../src/model/alert/measure.ts";

/** Also where nothing was ever saved, from when the recovery point has passed since the job was declared. */
export const recoveryPointMissed = defineAlert({
  id: "recovery-point-missed",
  title: "More data can be lost than was promised",
  condition: () =>
    below(lowest("objectiveMet", { by: ["host", "objective"], where: { promise: ["rpo"] } }), { critical: half }),
  summary: ({ host, objective }) =>
    `The newest proven backup of ${objective} on ${host} is older than promised, or there has never been one.`,
  why: "Everything since that backup is lost if the original is lost now.",
  remedies: ({ objective }) => [
    { what: "See which job or copy is behind", command: `pantheros objectives ${objective}` },
  ],
});

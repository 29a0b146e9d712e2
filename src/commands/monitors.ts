import { alerts } from "../../monitors/index.ts";
import { monitorResources } from "../provision/datadog/monitor-resources.ts";
import { sloResources } from "../provision/datadog/slo-resources.ts";
import { importing } from "./provisioning/import-words.ts";
import { provisioningCommand } from "./provisioning/provisioning.ts";

export const monitors = provisioningCommand(
  {
    word: "monitors",
    kinds: ["monitor", "slo"],
    imports: "monitor",
    resources: (stack) => [...monitorResources(alerts, stack), ...sloResources(stack)],
  },
  "The alerts of pantheros as monitors in Datadog, and two SLOs above them: defined once in monitors/, compared with what is there, brought into line.",
  { import: importing("monitors", "monitor", "12345") },
);

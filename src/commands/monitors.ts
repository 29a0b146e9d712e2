import { alerts } from "../../monitors/index.ts";
import { monitorResources } from "../provision/datadog/monitor-resources.ts";
import { sloResources } from "../provision/datadog/slo-resources.ts";
import { provisioningCommand } from "./provisioning/provisioning.ts";

export const monitors = provisioningCommand(
  {
    word: "monitors",
    kinds: ["monitor", "slo"],
    resources: (stack) => [...monitorResources(alerts, stack), ...sloResources(stack)],
  },
  "The alerts of pantheros as monitors in Datadog, and two SLOs above them: defined once in monitors/, compared with what is there, brought into line.",
  {
    import: {
      load: async () => (await import("./provisioning/import.ts")).importAction,
      about: `import    turns existing monitors into definitions: --id N,… of Datadog, or FILEs that its UI or API (JSON) or Terraform has written.
          They are put into --out, else the folder of provisioning.stacks.NAME.imported, where plan finds them; the next sync
          gives them our tags and changes nothing else of them.`,
      words: { summary: "exports", most: Number.POSITIVE_INFINITY },
      options: {
        id: { type: "string", value: "N,…", summary: "import: monitors of Datadog, by their numbers" },
        as: {
          type: "string",
          value: "ID",
          summary: "import: the id of the one monitor, instead of one made of its name",
        },
      },
    },
  },
);

import { suggest } from "../config/closest.ts";
import { defineCommand, UsageError } from "./command.ts";

const actions = ["plan", "sync"];

export const metadata = defineCommand({
  name: "metadata",
  description: `
What Datadog tells about the metrics of pantheros – type, unit, short name, description –, brought into line with the catalogue (docs/metrics.md).

plan  shows which fields of which metrics differ. Writes nothing. Exit code 0: nothing to do, 5: changes pending, 1: it failed.
sync  writes these fields, and no others. On a terminal it shows them and asks first; elsewhere, or with --yes, it goes on.

Datadog knows a metric from the moment when it is first reported: those that it does not know yet are counted, and left for a later sync.
A counter that an Agent has reported stays the rate that the Agent makes of it. Metrics belong to the whole organisation, not to a stack.
The keys are those of pantheros monitors; the application key needs the right metrics_metadata_write.`,
  arguments: [{ name: actions.join("|"), summary: "what to do" }],
  options: { yes: { type: "boolean", summary: "sync: do it without asking" } },
  examples: [
    ["pantheros metadata plan", "what would change"],
    ["pantheros metadata sync", "after an upgrade of pantheros"],
  ],
  async run(invocation) {
    const [action = ""] = invocation.arguments;
    if (!actions.includes(action)) throw new UsageError(`metadata ${action}: ${suggest(action, actions, "")}`);
    if (action === "plan" && invocation.options["yes"] === true)
      throw new UsageError("--yes is for sync: plan writes nothing");
    const { metadataAction } = await import("./provisioning/metadata-sync.ts");
    return await metadataAction(invocation, action === "sync");
  },
});

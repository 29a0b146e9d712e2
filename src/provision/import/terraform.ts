import { type HclBlock, readHcl } from "./hcl.ts";
import type { Candidate } from "./import.ts";
import type { ImportedKind } from "./importable.ts";
import { terraformJson } from "./terraform-json.ts";
import { terraformMonitor } from "./terraform-monitor.ts";

type Reader = (block: HclBlock) => Pick<Candidate, "body" | "problems">;

/** The resources of each kind, one line each. */
const readers: Readonly<Record<ImportedKind, Readonly<Record<string, Reader>>>> = {
  monitor: { datadog_monitor: terraformMonitor, datadog_monitor_json: terraformJson("monitor") },
  dashboard: {
    datadog_dashboard_json: terraformJson("dashboard"),
    datadog_dashboard: () => ({
      body: {},
      problems: [
        "its widgets are blocks of Terraform's own, which are not read: import it by --id, or from its JSON of the UI",
      ],
    }),
  },
};

/**
 * The resources of a kind in a file of Terraform, as the API would take them; others are not looked at.
 * @throws StepError `config` with the line, for what is not its language
 */
export function terraformResources(kind: ImportedKind, text: string, file: string): readonly Candidate[] {
  const blocks = readHcl(text, file);
  const imported = new Map(blocks.filter(({ type }) => type === "import").map(importedOf));
  const lines = text.split("\n");
  return blocks.flatMap((block) => {
    const address = block.labels.join(".");
    const comment = /__generated__ by Terraform from "([^"]+)"/.exec(lines[(block.line ?? 0) - 2] ?? "")?.[1];
    const place = `${file}, line ${block.line} (${address})`;
    return block.type === "resource" ? candidateOf(kind, block, place, imported.get(address) ?? comment) : [];
  });
}

/** The candidate of a resource; none when it is of another kind. @param remoteId what Datadog knows it by, where it is known */
export function candidateOf(
  kind: ImportedKind,
  block: HclBlock,
  place: string,
  remoteId: string | undefined,
): readonly Candidate[] {
  const [type = ""] = block.labels;
  const read = Object.hasOwn(readers[kind], type) ? readers[kind][type] : undefined;
  if (read === undefined) return [];
  const { body, problems } = read(block);
  return [{ place, problems, body: remoteId === undefined ? body : { ...body, id: remoteId } }];
}

function importedOf({ attributes }: HclBlock): readonly [string, string | undefined] {
  const named = (name: string) => attributes.find((attribute) => attribute.name === name);
  const id = named("id")?.value;
  return [named("to")?.source ?? "", typeof id === "string" ? id : undefined];
}

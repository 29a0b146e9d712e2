import type { OwnAction } from "./provisioning.ts";

/** How `import` is told of and called, for the subjects that have it. @param one what one of them is called */
export function importing(word: string, one: string, id: string): OwnAction {
  return {
    load: async () => (await import("./import.ts")).importAction,
    about: `import    turns existing ${word} into definitions: --id ${id},… of Datadog, or FILEs that its UI or API (JSON) or Terraform has
          written (its language, or the state that terraform show -json prints). They are put into --out, else the folder of
          provisioning.stacks.NAME.imported, where plan finds them; the next sync marks them as ours and changes nothing
          else of them. What cannot be expressed is named with the reason, and is exit code 1.`,
    words: { summary: "exports", most: Number.POSITIVE_INFINITY },
    takes: ["stack", "out"],
    options: {
      id: { type: "string", value: `${id},…`, summary: `import: ${word} of Datadog, by their ids or addresses` },
      as: {
        type: "string",
        value: "ID",
        summary: `import: the id of the one ${one}, instead of one made of its name`,
      },
    },
    examples: [
      [`pantheros ${word} import --stack hosts --id ${id}`, `an existing ${one} becomes a definition`],
      [`pantheros ${word} import --stack hosts export.json alerts.tf`, "exports of Datadog and of Terraform"],
    ],
  };
}

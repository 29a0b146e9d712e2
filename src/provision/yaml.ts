import { stringify } from "yaml";

/** A document for people and programs: long texts stay as they are written, and every line is a line of them. */
export function toYaml(document: unknown, comment: string): string {
  const heading = comment
    .split("\n")
    .map((line) => `# ${line}`.trimEnd())
    .join("\n");
  return `${heading}\n\n${stringify(document, { lineWidth: 0, blockQuote: "literal", aliasDuplicateObjects: false })}`;
}

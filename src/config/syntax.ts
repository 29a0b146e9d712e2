import type { Document, YAMLError } from "yaml";
import type { Mistake } from "./finding.ts";

/** What the parser's codes mean for a person; other codes keep the parser's own sentence. */
const wording: Partial<Record<YAMLError["code"], readonly [message: string, hint?: string]>> = {
  TAB_AS_INDENT: ["a tab cannot indent", "use spaces"],
  BLOCK_AS_IMPLICIT_KEY: ["a second key on the same line", "put a value with a colon into quotation marks"],
  MULTILINE_IMPLICIT_KEY: ["a key must be on one line", "is a colon missing, or the indentation wrong?"],
  MULTIPLE_DOCS: ["a second document begins here", "keep one document: remove this ---"],
  RESOURCE_EXHAUSTION: ["nested too deeply", "no section goes that deep"],
  BAD_SCALAR_START: ["a value cannot begin with this character", "put it into quotation marks"],
  TAG_RESOLVE_FAILED: ["tags (!name) are not understood here", "remove it"],
};

/** Mistakes against YAML itself, and the parts of YAML that are refused: tags and older versions. */
export function syntaxProblems(document: Document): Mistake[] {
  const errors = [...document.errors, ...document.warnings];
  // Past the parser's depth every further error is a consequence.
  const exhausted = errors.find((error) => error.code === "RESOURCE_EXHAUSTION");
  const mistakes: Mistake[] = (exhausted ? [exhausted] : errors).map((error) => {
    const [message, hint] = wording[error.code] ?? [lowerFirst(error.message)];
    return { range: error.pos, path: [], message, ...(hint === undefined ? {} : { hint }) };
  });
  const version = document.directives?.yaml;
  if (version?.explicit && version.version !== "1.2") {
    const message = `YAML ${version.version} reads words like "no" and "on" differently: YAML 1.2 is what is read here`;
    mistakes.push({ range: [0, 1], path: [], message, hint: "remove the %YAML line" });
  }
  return mistakes;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

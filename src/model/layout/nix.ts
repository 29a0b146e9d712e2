/** A value of the Nix language, with what a reader should know of it. */
export type NixValue =
  | string
  | number
  | boolean
  | readonly NixValue[]
  | { readonly [name: string]: NixValue | undefined }
  | NixLines
  | NixComment;

/** Text in lines: an indented string. */
export interface NixLines {
  readonly nixLines: readonly string[];
}
/** A value below a comment. */
export interface NixComment {
  readonly nixComment: readonly string[];
  readonly value: NixValue;
}

export const nixLines = (lines: readonly string[]): NixLines => ({ nixLines: lines });
export const withComment = (comment: readonly string[], value: NixValue): NixComment => ({
  nixComment: comment,
  value,
});

const lineWidth = 120;

/** A value as `nixfmt` would write it, more or less: two spaces, an attribute per line, lists on one where they fit. */
export function writeNix(value: NixValue, indent = ""): string {
  if (typeof value === "string") return nixString(value);
  if (typeof value !== "object") return String(value);
  if (isList(value)) return writeList(value, indent);
  const inner = `${indent}  `;
  if (isComment(value)) return writeNix(value.value, indent);
  if (isLines(value)) return `''\n${value.nixLines.map((line) => `${inner}${escapeLine(line)}\n`).join("")}${indent}''`;
  const attributes = definedIn(value).flatMap(([name, written]) => {
    const [path, inside] = pathTo(nixName(name), written);
    const comment = isObject(inside) && isComment(inside) ? inside.nixComment : [];
    return [...comment.flatMap((line) => commentLines(line, inner)), `${inner}${path} = ${writeNix(inside, inner)};`];
  });
  return attributes.length === 0 ? "{ }" : `{\n${attributes.join("\n")}\n${indent}}`;
}

/** A set in a set of nothing else is written as `a.b`. */
function pathTo(path: string, value: NixValue): readonly [path: string, value: NixValue] {
  if (!isObject(value) || isList(value) || isComment(value) || isLines(value)) return [path, value];
  const [only, ...others] = definedIn(value);
  return only && others.length === 0 ? pathTo(`${path}.${nixName(only[0])}`, only[1]) : [path, value];
}

function definedIn(value: { readonly [name: string]: NixValue | undefined }): [string, NixValue][] {
  return Object.entries(value).flatMap(([name, inside]) => (inside === undefined ? [] : [[name, inside]]));
}

/** Whatever is in it, it stays a comment. */
function commentLines(text: string, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= lineWidth) lines.push(`${indent}# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function writeList(values: readonly NixValue[], indent: string): string {
  // A list is made of words; `-1` would be two.
  const words = values.map((value) => (typeof value === "number" ? `(${value})` : writeNix(value, `${indent}  `)));
  const line = `[ ${words.join(" ")} ]`;
  if (values.length === 0) return "[ ]";
  if (line.length + indent.length <= lineWidth && !line.includes("\n")) return line;
  return `[\n${words.map((word) => `${indent}  ${word}\n`).join("")}${indent}]`;
}

/** In a string `"`, `\` and `${` mean something, and a line break has to be written as one. */
function nixString(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("${", "\\${")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t");
  return `"${escaped}"`;
}

/** In an indented string `''` and `${` mean something. */
function escapeLine(line: string): string {
  return line.replaceAll("''", "'''").replaceAll("${", "''${");
}

/** Reserved words, and whatever is no identifier, are written as strings. */
function nixName(name: string): string {
  const reserved = ["if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"];
  return /^[A-Za-z_][A-Za-z0-9_'-]*$/.test(name) && !reserved.includes(name) ? name : nixString(name);
}

function isObject(value: NixValue): value is Exclude<NixValue, string | number | boolean> {
  return typeof value === "object";
}
function isList(value: object): value is readonly NixValue[] {
  return Array.isArray(value);
}
function isComment(value: object): value is NixComment {
  return "nixComment" in value;
}
function isLines(value: object): value is NixLines {
  return "nixLines" in value;
}

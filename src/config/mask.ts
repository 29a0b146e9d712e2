import { isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import { rangeOf, type Source } from "./document.ts";
import type { Range } from "./finding.ts";

/** Keys whose value may be a secret by mistake. Masks too much rather than too little: it is only about excerpts. */
const telling = /secret|passw|passphrase|token|key|credential/i;
/** The three sources of a secret: what they name may be shown. */
const sources: ReadonlySet<string> = new Set(["file", "credential", "environment"]);

/**
 * Parts of the text that no excerpt may show: whatever stands behind a key that sounds like a secret, unless it names a file, a
 * credential or a variable.
 * @param further nodes that hold a secret although their key does not say so
 */
export function secretRanges(source: Source, further: readonly Range[] = []): readonly Range[] {
  const ranges: Range[] = [...further];
  const visit = (node: Node | null, depth: number): void => {
    if (isSeq(node)) for (const item of node.items) visit(item as Node, depth + 1);
    if (!isMap(node)) return;
    for (const pair of node.items) {
      const value = pair.value as Node | null;
      if (isScalar(pair.key) && telling.test(String(pair.key.value))) maskValue(source, pair, ranges);
      if (depth < 64) visit(value, depth + 1);
    }
  };
  visit(source.root, 0);
  return ranges;
}

function maskValue(source: Source, pair: Pair, ranges: Range[]): void {
  const value = pair.value as Node | null;
  const target = value && isAlias(value) ? (source.anchors.get(value.source) ?? null) : value;
  if (target && target !== value) ranges.push(rangeOf(target));
  if (isMap(value)) {
    maskMap(source, value.items, ranges);
    return;
  }
  if (isSeq(value)) {
    for (const item of value.items) if (!isMap(item)) ranges.push(rangeOf(item as Node));
    return;
  }
  // From the colon on, so that a text that YAML takes for an anchor, a tag or a comment (`&pass`, `!pass`, `#pass`) is masked as well.
  const colon = source.text.indexOf(":", rangeOf(pair.key as Node)[1]);
  const start = colon === -1 ? rangeOf(pair.key as Node)[1] : colon + 1;
  const end = value ? rangeOf(value)[1] : start;
  const empty = !value || (isScalar(value) && value.value === null);
  const lineEnd = endOfLine(source.text, end);
  ranges.push([start, empty || /^\s*#/.test(source.text.slice(end, lineEnd)) ? lineEnd : end]);
}

function maskMap(source: Source, pairs: readonly Pair[], ranges: Range[]): void {
  for (const pair of pairs) {
    const key = isScalar(pair.key) ? String(pair.key.value) : "";
    const value = pair.value as Node | null;
    const shown = sources.has(key) && isScalar(value) && (key !== "file" || String(value.value).startsWith("/"));
    if (shown || isMap(value)) continue;
    // `password: {hunter2}` is a map whose only key is the secret.
    if (!value || (isScalar(value) && value.value === null && !sources.has(key)))
      ranges.push(rangeOf(pair.key as Node));
    else maskValue(source, pair, ranges);
  }
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

const tellingLine = /^(.*?(?:secret|passw|passphrase|token|key|credential)[^:{]*?["']?\s*:)(.*)$/i;
const sourceLine = /^\s*\{?\s*(?:(?:file\s*:\s*\/|credential\s*:|environment\s*:)[^,{}]*\}?)?\s*$/;

/**
 * The same for a text that could not be parsed, line by line: what follows a telling key on its line, and lines that are indented
 * below one.
 */
export function maskBrokenLine(lines: readonly string[], index: number): Range | null {
  const line = lines[index] ?? "";
  const own = tellingLine.exec(line);
  if (own) return sourceLine.test(own[2] ?? "") ? null : [own[1]?.length ?? 0, line.length];
  const indent = indentOf(line);
  for (let above = index - 1; above >= 0 && above > index - 200; above -= 1) {
    const candidate = lines[above] ?? "";
    if (candidate.trim() === "" || indentOf(candidate) >= indent) continue;
    return tellingLine.test(candidate) && !sourceLine.test(line) ? [indent, line.length] : null;
  }
  return null;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

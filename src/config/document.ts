import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from "yaml";
import type { Mistake, Range } from "./finding.ts";
import { type Path, quote } from "./path.ts";
import { syntaxProblems } from "./syntax.ts";

/** A file that was read once: its data, and where each part of it stands. */
export interface Source {
  readonly text: string;
  readonly lines: LineCounter;
  /** Null when there is nothing. */
  readonly root: Node | null;
  /** Plain data. After syntax mistakes only what could be made out. */
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** The data is not worth checking: the text is not YAML, or not what we take of it. */
  readonly broken: boolean;
  readonly anchors: ReadonlyMap<string, Node>;
}

/** Nobody nests a configuration deeper by hand. */
const maxDepth = 64;
/** Nodes that aliases may add to those that are written: stops anchors that multiply. */
const maxAliased = 10_000;

/** Reads YAML 1.2 (core schema, no merge keys, no tags) in one pass over the nodes. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    strict: true,
    // Found below instead: linear, and with both positions.
    uniqueKeys: false,
    merge: false,
    resolveKnownTags: false,
    // "silent" would also keep quiet about a second document.
    logLevel: "error",
    version: "1.2",
  });
  const mistakes = syntaxProblems(document as Document);
  const malformed = mistakes.length > 0;
  const state: State = {
    mistakes,
    lines,
    anchors: new Map(),
    open: new Set(),
    aliased: 0,
    broken: malformed,
    malformed,
  };
  const root = (document.contents ?? null) as Node | null;
  const { value } = convert(root, [], state);
  return { text, lines, root, value, mistakes, broken: state.broken, anchors: nodesOf(state.anchors) };
}

interface Converted {
  readonly value: unknown;
  /** Nodes, aliases counted as what they stand for. */
  readonly size: number;
}
interface State {
  readonly mistakes: Mistake[];
  readonly lines: LineCounter;
  readonly anchors: Map<string, Converted & { readonly node: Node }>;
  /** Anchors whose node is being read. */
  readonly open: Set<string>;
  aliased: number;
  broken: boolean;
  /** The text itself is wrong: what its remains lack is a consequence. */
  readonly malformed: boolean;
}
const nothing: Converted = { value: undefined, size: 0 };

function convert(node: Node | null, path: Path, state: State): Converted {
  if (node === null) return { value: null, size: 1 };
  if (isAlias(node)) return follow(node.source, node, path, state);
  if (!isScalar(node) && path.length >= maxDepth) {
    return breakOff(
      state,
      node,
      path.slice(0, 8),
      `nested deeper than ${maxDepth} levels`,
      "no section goes that deep",
    );
  }
  const anchor = node.anchor;
  if (anchor !== undefined) state.open.add(anchor);
  const converted = convertContent(node, path, state);
  if (anchor !== undefined) {
    state.open.delete(anchor);
    state.anchors.set(anchor, { ...converted, node });
  }
  return converted;
}

function convertContent(node: Node, path: Path, state: State): Converted {
  if (isMap(node)) return convertMap(node, path, state);
  if (isSeq(node)) {
    const items = node.items.map((item, index) => convert(item as Node | null, [...path, index], state));
    return { value: items.map((item) => item.value), size: sizeOf(items) };
  }
  const value = isScalar(node) ? node.value : null;
  if (typeof value === "string" && value.includes("\0")) {
    state.mistakes.push({ range: rangeOf(node), path, message: "holds a NUL character, which no program can take" });
  }
  return { value, size: 1 };
}

function convertMap(map: YAMLMap, path: Path, state: State): Converted {
  const seen = new Map<string, Range>();
  const entries: [string, Converted][] = [];
  for (const pair of map.items) {
    const keyNode = pair.key as Node | null;
    const range = keyNode ? rangeOf(keyNode) : rangeOf(map);
    if (!isScalar(keyNode)) {
      const hint = "write a plain name before the colon; a text that begins with { or [ needs quotation marks";
      state.mistakes.push({ range, path, message: "a key must be a plain name", hint });
      continue;
    }
    const key = String(keyNode.value);
    const earlier = seen.get(key);
    if (earlier) {
      const { line, col } = state.lines.linePos(earlier[0]);
      const message = `the key ${quote(key)} is here for the second time; the first is at line ${line}, column ${col}`;
      state.mistakes.push({ range, path: [...path, key], message, hint: "keep one of them" });
      continue;
    }
    seen.set(key, range);
    if (key === "__proto__") {
      state.mistakes.push({ range, path: [...path, key], message: "this name is taken by the language; use another" });
      continue;
    }
    entries.push([key, convert(pair.value as Node | null, [...path, key], state)]);
  }
  const value = Object.fromEntries(entries.map(([key, converted]) => [key, converted.value]));
  return { value, size: sizeOf(entries.map(([, converted]) => converted)) };
}

function follow(anchor: string, alias: Node, path: Path, state: State): Converted {
  if (state.open.has(anchor))
    return breakOff(state, alias, path, "this alias stands for something that contains it", "write it out");
  const target = state.anchors.get(anchor);
  if (!target) {
    // The name is not repeated: a password that begins with * looks like an alias, too.
    const hint = "a text that begins with * needs quotation marks";
    return breakOff(state, alias, path, "this alias stands for nothing: there is no such anchor before it", hint);
  }
  state.aliased += target.size;
  if (state.aliased <= maxAliased) return target;
  if (state.broken) return nothing;
  const message = `the aliases up to here stand for more than ${maxAliased} values: anchors that multiply are refused`;
  return breakOff(state, alias, path, message, "write out what is needed");
}

function breakOff(state: State, node: Node, path: Path, message: string, hint: string): Converted {
  if (!state.malformed) state.mistakes.push({ range: rangeOf(node), path, message, hint });
  state.broken = true;
  return nothing;
}

function sizeOf(parts: readonly Converted[]): number {
  return parts.reduce((sum, part) => sum + part.size, 1);
}

function nodesOf(anchors: State["anchors"]): ReadonlyMap<string, Node> {
  return new Map([...anchors].map(([name, { node }]) => [name, node]));
}

/** Without the comment and white space behind a node. */
export function rangeOf(node: Node): Range {
  const range = node.range;
  return range ? [range[0], range[1]] : [0, 0];
}

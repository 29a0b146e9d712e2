import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import { rangeOf, type Source } from "./document.ts";
import type { Finding, Mistake, Range } from "./finding.ts";

const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** Looks a finding up in the file: at its path, or at the nearest place above that the file holds. */
export function locate(source: Source, finding: Finding): Mistake {
  const { path, message, hint } = finding;
  return { range: rangeAt(source, finding), path, message, ...(hint === undefined ? {} : { hint }) };
}

function rangeAt(source: Source, { path, mark }: Finding): Range {
  let node = source.root;
  let range: Range = node ? topOf(source, node) : [0, 0];
  for (const [depth, part] of path.entries()) {
    const inside = node && isAlias(node) ? (source.anchors.get(node.source) ?? null) : node;
    const last = depth === path.length - 1;
    if (isMap(inside)) {
      const pair = pairOf(inside, String(part));
      if (!pair) return range;
      node = pair.value as Node | null;
      const key = rangeOf(pair.key as Node);
      range = last && mark !== "key" ? markOf(node, key) : key;
    } else if (isSeq(inside) && inside.items[Number(part)]) {
      node = inside.items[Number(part)] as Node;
      range = markOf(node, rangeOf(node));
    } else return range;
  }
  return range;
}

/** A whole section would be marked from its first key to its last value: its own key, or its first key, says it better. */
function markOf(node: Node | null, key: Range): Range {
  if (isMap(node) && !node.flow) {
    const first = node.items[0]?.key as Node | undefined;
    return key[0] === node.range?.[0] && first ? rangeOf(first) : key;
  }
  if (isSeq(node) && !node.flow) return key;
  if (!node || (isScalar(node) && node.value === null && node.source === "")) return key;
  return rangeOf(node);
}

function topOf(source: Source, node: Node): Range {
  const [start] = rangeOf(node);
  const end = source.text.indexOf("\n", start);
  return [start, end === -1 ? source.text.length : end];
}

function pairOf(map: YAMLMap, key: string): Pair | undefined {
  let index = indexes.get(map);
  if (!index) {
    // Of a key that is there twice the first counts, as in the data: later ones are overwritten here by earlier ones.
    const named = map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair] as const] : []));
    index = new Map(named.reverse());
    indexes.set(map, index);
  }
  return index.get(key);
}

import { bitOf, type History, holdsOf, type KeepOptions, type Policy } from "./keep.ts";

/** What pruning has to respect besides the tiers of the promised policy. */
export interface Pruning {
  /** Policies of the steps that prune: they may keep more than was promised. @default none */
  readonly alsoKept?: readonly Policy[];
  /**
   * Of the program that prunes. With `first`, what stands for a period by either rule is held: while a later artifact of the same
   * period is still there for another tier, both are. @default newest
   */
  readonly standsFor?: KeepOptions["standsFor"];
  /** Of each artifact, by its index: it is worth nothing without the one before it, as an incremental archive is. @default none */
  readonly chained?: readonly boolean[];
}

type Question = Pruning & { readonly policy: Policy };

/** Why each artifact of a history stays, by position, as a mask that `holdNames` reads. @param now later artifacts are held as `future` */
export function holdsByAll(history: History, question: Question, now = Number.POSITIVE_INFINITY): Uint16Array {
  const { policy, alsoKept = [], standsFor = "newest", chained } = question;
  const masks = holdsOf(history, policy, { now });
  if (standsFor === "first") add(masks, holdsOf(history, policy, { now, standsFor }));
  for (const other of alsoKept) {
    const kept = holdsOf(history, other, { now });
    for (let position = 0; position < masks.length; position += 1) {
      if (masks[position] === 0 && kept[position] !== 0) masks[position] = bitOf("keep");
    }
  }
  if (chained !== undefined) addChains(masks, history, chained);
  return masks;
}

/** How many artifacts nothing holds. */
export function countUnheld(history: History, question: Question): number {
  const masks = holdsByAll(history, question);
  let count = 0;
  for (let position = 0; position < masks.length; position += 1) if (masks[position] === 0) count += 1;
  return count;
}

/**
 * When the first of them had nothing left that held it: when the artifact came that took its place. What nothing holds stays so whatever
 * comes later, so the number of artifacts with which it began is searched for, from the oldest on: that costs what the held ones cost,
 * not what has piled up since. What was pruned in the meantime is not known: it was at this moment or before it.
 * @returns seconds since the epoch; null: everything is held
 */
export function unheldSince(history: History, question: Question): number | null {
  const count = history.at.length;
  const begins = (existing: number) => countUnheld(newestRemoved(history, count - existing), question) > 0;
  let enough = 1;
  while (enough < count && !begins(enough)) enough *= 2;
  let [few, many] = [Math.floor(enough / 2), Math.min(enough, count)];
  if (many === count && !begins(count)) return null;
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2);
    if (begins(middle)) many = middle;
    else few = middle;
  }
  return history.at[count - many] ?? null;
}

function newestRemoved({ order, at, local }: History, removed: number): History {
  return { order: order.subarray(removed), at: at.subarray(removed), local: local.subarray(removed) };
}

function add(masks: Uint16Array, others: Uint16Array): void {
  for (let position = 0; position < masks.length; position += 1) {
    masks[position] = (masks[position] as number) | (others[position] as number);
  }
}

/** From the newest to the oldest: what is needed by one that stays, stays, and needs in its turn the one before it. */
function addChains(masks: Uint16Array, { order }: History, chained: readonly boolean[]): void {
  let needed = false;
  for (let position = 0; position < masks.length; position += 1) {
    if (needed && masks[position] === 0) masks[position] = bitOf("chain");
    needed = masks[position] !== 0 && chained[order[position] as number] === true;
  }
}

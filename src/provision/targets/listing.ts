import { StepError } from "../../model/run/outcome.ts";

/** Which part of a list is asked for. */
export interface Page {
  /** From 0. */
  readonly number: number;
  /** How many it holds at most; with less it is the last. */
  readonly size: number;
  /** How many come before it. */
  readonly offset: number;
}

/** What is listed page by page. */
export interface Pages<T> {
  /** For messages: `the monitors`. */
  readonly what: string;
  /** Each begins with the last item of the one before, or earlier. */
  readonly page: (number: number) => Page;
  readonly read: (page: Page) => Promise<readonly T[]>;
  readonly idOf: (item: T) => string;
}

/** Somebody who changes something during each of them is no person. */
const mostListings = 5;
/** Half a million monitors; pages by number become too small after as many as half their size. */
const mostPages = 500;

/** Pages of an API that counts items: one item is on two pages. @param size the largest that it gives */
export const pagesByOffset =
  (size: number) =>
  (number: number): Page => ({ number, size, offset: number * (size - 1) });

/** Pages of an API that counts pages: each is one smaller than the one before, so that page n begins n items before that one's end. @param size the largest that it gives */
export const pagesByNumber =
  (size: number) =>
  (number: number): Page => ({ number, size: size - number, offset: number * (size - number) });

/**
 * Everything on all pages, in one pass. What is deleted or made between two of them moves others across their boundary, and one of ours would be missed
 * and made again: pages overlap, and where they do not say the same, the pass begins anew.
 * @throws StepError `disagreement`: it never stayed the same for so long
 */
export async function listPages<T>(pages: Pages<T>): Promise<readonly T[]> {
  for (let listing = 0; listing < mostListings; listing += 1) {
    const found = await listOnce(pages);
    if (found !== null) return found;
  }
  throw incomplete(pages.what, "they change while they are listed");
}

/** @returns null: two pages did not meet, or one was there twice, so that another may be missing */
async function listOnce<T>({ what, page, read, idOf }: Pages<T>): Promise<readonly T[] | null> {
  const found: T[] = [];
  const ids = new Set<string>();
  for (let number = 0; number < mostPages; number += 1) {
    const part = page(number);
    const items = await read(part);
    const known = found.slice(part.offset);
    if (!known.every((item, index) => items[index] !== undefined && idOf(item) === idOf(items[index]))) return null;
    for (const item of items.slice(known.length)) {
      if (ids.has(idOf(item))) return null;
      ids.add(idOf(item));
      found.push(item);
    }
    if (items.length < part.size) return found;
  }
  throw incomplete(what, "the list does not end");
}

/** Half a listing would make duplicates. */
export function incomplete(what: string, why: string): StepError {
  return new StepError("disagreement", `${what} cannot be listed completely: ${why}`, {
    advice: "nothing has been written; try again",
  });
}

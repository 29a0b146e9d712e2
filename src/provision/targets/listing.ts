import { StepError } from "../../model/outcome.ts";
import { isSame } from "../normal-form.ts";

/** What is listed page by page. */
export interface Pages<T> {
  /** For messages: `the monitors`. */
  readonly what: string;
  /** A page with less is the last. */
  readonly pageSize: number;
  /** @param index of the page, from 0 */
  readonly read: (index: number) => Promise<readonly T[]>;
  readonly idOf: (item: T) => string;
}

/** Somebody who changes something during each of them is no person. */
const mostListings = 5;
/** A thousand pages of monitors are a million. */
const mostPages = 1000;

/**
 * Everything on all pages. What is deleted or made between two of them moves others across their boundary, and one of ours would be missed
 * and made again: several pages count only once two listings have found the same.
 * @throws StepError `disagreement`: it never stayed the same for so long
 */
export async function listPages<T>(pages: Pages<T>): Promise<readonly T[]> {
  let before: readonly string[] | null = null;
  for (let listing = 0; listing < mostListings; listing += 1) {
    const { found, isOnePage } = await listOnce(pages);
    if (found === null) {
      before = null;
      continue;
    }
    const ids = [...found.keys()].toSorted();
    if (isOnePage || (before !== null && isSame(ids, before))) return [...found.values()];
    before = ids;
  }
  throw incomplete(pages.what, "they change while they are listed");
}

/** @returns `found` null: one was there twice, so that another may be missing */
async function listOnce<T>({ what, pageSize, read, idOf }: Pages<T>) {
  const found = new Map<string, T>();
  let items = 0;
  for (let index = 0; index < mostPages; index += 1) {
    const page = await read(index);
    for (const item of page) found.set(idOf(item), item);
    items += page.length;
    if (page.length < pageSize) return { found: found.size === items ? found : null, isOnePage: index === 0 };
  }
  throw incomplete(what, "the list does not end");
}

/** Half a listing would make duplicates. */
export function incomplete(what: string, why: string): StepError {
  return new StepError("disagreement", `${what} cannot be listed completely: ${why}`, {
    advice: "nothing has been written; try again",
  });
}

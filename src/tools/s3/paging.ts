import { StepError } from "../../model/run/outcome.ts";

/** Where a page that was cut off says that the next one begins: one token, or a name and an id. */
export type Marker = Readonly<Record<string, string>>;

/**
 * All pages of a listing, in the order of the server.
 * @param where what is listed, as a person knows it
 * @param next where the page after this one begins: null when it is the last; undefined when the server says that there are more, but not where
 * @throws StepError `unknown` when the pages lead in a circle, or nowhere
 */
export async function* pages<Page>(
  where: string,
  ask: (marker: Marker) => Promise<Page>,
  next: (page: Page) => Marker | null | undefined,
): AsyncGenerator<Page> {
  const seen = new Set<string>();
  let marker: Marker | null | undefined = {};
  do {
    const page: Page = await ask(marker);
    yield page;
    marker = next(page);
    const key = JSON.stringify(marker);
    if (marker === undefined || seen.has(key)) {
      throw new StepError("unknown", `${where}: the pages of the listing lead in a circle`, {
        advice: "its paging does not work: report it to the provider",
      });
    }
    seen.add(key);
  } while (marker !== null);
}

/** The marker of the next page from what a page says of it: what is empty is left out, and nothing at all is `undefined`. */
export function nextPage(
  isTruncated: boolean | undefined,
  said: Readonly<Record<string, string | undefined>>,
): Marker | null | undefined {
  if (!isTruncated) return null;
  const marker: Record<string, string> = {};
  for (const [name, value] of Object.entries(said)) if (value) marker[name] = value;
  return Object.keys(marker).length === 0 ? undefined : marker;
}

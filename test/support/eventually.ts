import { setTimeout as delay } from "node:timers/promises";

/**
 * Looks again and again until there is something to see, and gives it back.
 * @param look false, null or undefined: not yet
 * @param options.seconds after which it fails, saying what did not come about; @default 20
 */
export async function eventually<Seen>(
  what: string,
  look: () => Seen | false | null | undefined | Promise<Seen | false | null | undefined>,
  options: { readonly seconds?: number } = {},
): Promise<Exclude<Seen, false | null | undefined>> {
  const seconds = options.seconds ?? 20;
  const until = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== null && seen !== undefined) return seen as Exclude<Seen, false | null | undefined>;
    if (performance.now() > until) throw new Error(`not within ${seconds} s: ${what}`);
    await delay(10);
  }
}

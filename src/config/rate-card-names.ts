import { rateCards } from "../model/cost/rate-cards.ts";
import { suggest } from "./closest.ts";
import type { Finding } from "./finding.ts";
import { entriesOf, quote, valueAt } from "./path.ts";

/** A card is one that is known without a configuration, or one of `cost.cards`; without one a bucket would have no cost, and nobody would notice. */
export function rateCardNames(value: unknown): readonly Finding[] {
  const own = entriesOf(valueAt(value, ["cost", "cards"])).map(([name]) => name);
  const names = [...new Set([...Object.keys(rateCards), ...own])];
  return entriesOf(valueAt(value, ["accounts"])).flatMap(([account, content]): Finding[] => {
    const card = valueAt(content, ["card"]);
    if (typeof card !== "string" || names.includes(card)) return [];
    const message = `there is no rate card ${quote(card)}`;
    return [{ path: ["accounts", account, "card"], message, hint: suggest(card, names, "declare it in cost.cards") }];
  });
}

/** A card that no account names, and that is not the provider's own, counts for nothing. */
export function usedRateCards(value: unknown): readonly Finding[] {
  const accounts = entriesOf(valueAt(value, ["accounts"])).map(([, content]) => valueAt(content, ["card"]));
  const used = [...Object.keys(rateCards), ...accounts.filter((name) => typeof name === "string")];
  return entriesOf(valueAt(value, ["cost", "cards"])).flatMap(([name]): Finding[] => {
    if (used.includes(name)) return [];
    const message = `no account uses the rate card ${quote(name)}`;
    const hint = `name it with accounts.NAME.card, or call it ${Object.keys(rateCards).join(" or ")}`;
    return [{ path: ["cost", "cards", name], message, hint }];
  });
}

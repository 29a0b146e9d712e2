import type { Config } from "../../config/schema.ts";
import type { CostRate } from "../../config/sections/cost.ts";
import { type Rate, type RateCard, withRates } from "../../model/cost/rate-card.ts";
import { cardOfHost, rateCards } from "../../model/cost/rate-cards.ts";

/** The rate card of an account; null: none is known, and its buckets have no cost. `missing`: the configuration names one that is not there. */
export function cardOf(
  { accounts, cost }: Pick<Config, "accounts" | "cost">,
  account: string | undefined,
  endpoint: string,
): { readonly card: RateCard | null; readonly missing: string | null } {
  const named = account === undefined ? undefined : accounts[account]?.card;
  const known = named === undefined ? cardOfHost(new URL(endpoint).hostname) : rateCards[named];
  const name = named ?? known?.name;
  const own = name !== undefined && Object.hasOwn(cost.cards, name) ? cost.cards[name] : undefined;
  if (own === undefined) return { card: known ?? null, missing: named !== undefined && !known ? named : null };
  const base: RateCard = known ?? { name: name ?? "", title: name ?? "", classOf: { list: "a", read: "b" }, rates: [] };
  return { card: withRates(base, own.map(rateOf)), missing: null };
}

function rateOf(written: CostRate): Rate {
  const calls = Object.entries(written.calls).flatMap(([name, price]) =>
    price ? [[name, { usdPer10000: price.usd_per_10000, freePerDay: price.free_per_day }]] : [],
  );
  return {
    from: written.from,
    source: written.source,
    storage: {
      unitBytes: 1e12,
      hours: written.month_days === undefined ? null : written.month_days * 24,
      freeBytes: written.free_storage,
      bands: [{ aboveBytes: 0, usdPerUnit: written.usd_per_tb_month }],
    },
    downloads: {
      usdPerGigabyte: written.usd_per_gb_downloaded,
      freeTimesStored: written.free_downloads_times_stored,
      freeBytesPerDay: 0,
      freeBytesPerMonth: written.free_downloads_per_month,
    },
    calls: Object.fromEntries(calls),
  };
}

import { byteHours, clip, edgesOf, type Stretch, together } from "./byte-hours.ts";
import { type Calls, callClasses, hoursOfMonth, type Rate, type RateCard, ratePeriods } from "./rate-card.ts";

/** What is billed of one bucket. */
export interface BucketUsage {
  readonly bucket: string;
  readonly stored: readonly Stretch[];
  readonly downloads: readonly { readonly at: number; readonly bytes: number }[];
  readonly calls: readonly { readonly at: number; readonly calls: Calls }[];
}

/** US dollars of one bucket. */
export interface BucketCost {
  readonly storage: number;
  readonly downloads: number;
  readonly calls: number;
  readonly total: number;
}

export interface AccountUsage {
  readonly card: RateCard;
  /** Seconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** Whether what is free for the account is free here: it is so once per account, whoever counts. */
  readonly freeTier: boolean;
  readonly buckets: readonly BucketUsage[];
  /** What the whole account stored, where the provider says so: other buckets of it use up what is free. */
  readonly stored?: readonly Stretch[];
}

const daySeconds = 86_400;

/**
 * What the buckets of one account cost between two moments, at the rates in force then. Free amounts and bands count once for the account;
 * each bucket bears its share by what it stored, downloaded and was asked. The buckets' costs add up to the account's, but for what
 * buckets that are not counted here bear.
 */
export function accountCost(usage: AccountUsage): ReadonlyMap<string, BucketCost> {
  const storage = usage.buckets.map(() => 0);
  const downloads = usage.buckets.map(() => 0);
  const calls = usage.buckets.map(() => 0);
  for (const { rate, from, until } of ratePeriods(usage.card, usage.from, usage.until)) {
    const part = { ...usage, from, until };
    add(storage, storageCost(part, rate));
    add(downloads, downloadCost(part, rate, (usage.until - usage.from) / 3600));
    add(calls, callCost(part, rate));
  }
  return new Map(
    usage.buckets.map(({ bucket }, index) => {
      const [stored = 0, downloaded = 0, called = 0] = [storage[index], downloads[index], calls[index]];
      return [bucket, { storage: stored, downloads: downloaded, calls: called, total: stored + downloaded + called }];
    }),
  );
}

function storageCost({ buckets, stored, from, until, freeTier }: AccountUsage, rate: Rate): number[] {
  const own = buckets.map((bucket) => clip(bucket.stored, from, until));
  const account = clip(stored ?? [], from, until);
  const edges = edgesOf([...own.flat(), ...account]);
  const costs = buckets.map(() => 0);
  for (const [index, end] of edges.slice(1).entries()) {
    const start = edges[index] ?? end;
    const shares = own.map((stretches) => byteHours(clip(stretches, start, end)));
    const sum = total(shares);
    const whole = clip(account, start, end);
    const counted = byteHours(whole) > sum ? whole : together(own.map((stretches) => clip(stretches, start, end)));
    const price = priceOf(counted, rate, freeTier, start);
    const all = byteHours(counted);
    if (all > 0)
      add(
        costs,
        shares.map((share) => (price * share) / all),
      );
  }
  return costs;
}

function priceOf(stored: readonly Stretch[], { storage }: Rate, freeTier: boolean, at: number): number {
  const free = freeTier ? storage.freeBytes : 0;
  const unitHours = storage.unitBytes * (storage.hours ?? hoursOfMonth(at));
  return storage.bands.reduce((price, { aboveBytes, usdPerUnit }, index) => {
    const upTo = storage.bands[index + 1]?.aboveBytes ?? Number.POSITIVE_INFINITY;
    const above = Math.max(aboveBytes, free);
    return above < upTo ? price + (byteHours(stored, above, upTo) * usdPerUnit) / unitHours : price;
  }, 0);
}

/** @param hours of the whole time that is counted: what is stored on average, and what is free in a month, is spread over it */
function downloadCost({ buckets, from, until, freeTier }: AccountUsage, { downloads }: Rate, hours: number): number[] {
  const days = new Map<number, number>();
  const shares = buckets.map((bucket) => {
    const own = bucket.downloads.filter(({ at }) => at >= from && at < until);
    for (const { at, bytes } of own) {
      const day = Math.floor(at / daySeconds);
      days.set(day, (days.get(day) ?? 0) + bytes);
    }
    return total(own.map(({ bytes }) => bytes));
  });
  const freePerDay = freeTier ? downloads.freeBytesPerDay : 0;
  const beyondDays = total([...days.values()].map((bytes) => Math.max(0, bytes - freePerDay)));
  const stored = total(buckets.map((bucket) => byteHours(clip(bucket.stored, from, until))));
  const perMonth = freeTier ? (downloads.freeBytesPerMonth * (until - from)) / 3600 : 0;
  const free = (downloads.freeTimesStored * stored + perMonth) / hours;
  return shared((Math.max(0, beyondDays - free) * downloads.usdPerGigabyte) / 1e9, shares);
}

function callCost({ buckets, from, until, freeTier }: AccountUsage, rate: Rate): number[] {
  const costs = buckets.map(() => 0);
  for (const name of callClasses) {
    const price = rate.calls[name];
    if (price === undefined) continue;
    const days = buckets.map(({ calls }) => {
      const own = calls.filter(({ at }) => at >= from && at < until);
      return Map.groupBy(own, ({ at }) => Math.floor(at / daySeconds));
    });
    for (const day of new Set(days.flatMap((byDay) => [...byDay.keys()]))) {
      const counts = days.map((byDay) => total((byDay.get(day) ?? []).map(({ calls }) => calls[name] ?? 0)));
      const billed = Math.max(0, total(counts) - (freeTier ? price.freePerDay : 0));
      add(costs, shared((billed * price.usdPer10000) / 10_000, counts));
    }
  }
  return costs;
}

function shared(amount: number, shares: readonly number[]): number[] {
  const all = total(shares);
  return shares.map((share) => (all > 0 ? (amount * share) / all : 0));
}

function add(sums: number[], more: readonly number[]): void {
  for (const [index, amount] of more.entries()) sums[index] = (sums[index] ?? 0) + amount;
}

const total = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0);

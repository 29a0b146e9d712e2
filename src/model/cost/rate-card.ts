/** Kinds of calls as providers bill them: A to D at Backblaze; A (write and list) and B (read) elsewhere. */
export const callClasses = ["a", "b", "c", "d"] as const;
export type CallClass = (typeof callClasses)[number];

/** How many calls of each class. */
export type Calls = Readonly<Partial<Record<CallClass, number>>>;

/** What a provider charges from a day on. All amounts are US dollars. */
export interface Rate {
  /** The first day on which it is in force, UTC, `2026-05-01`. */
  readonly from: string;
  /** Where the figures stand, and when they were read. */
  readonly source: string;
  readonly storage: {
    /** What the provider calls a unit: 1e12 for a decimal TB, 2^30 where GB means GiB. */
    readonly unitBytes: number;
    /** Hours that a unit is stored for the price; null: those of the calendar month, UTC. */
    readonly hours: number | null;
    /** Bytes of the whole account that cost nothing at any moment. */
    readonly freeBytes: number;
    /** By how much the account stores, the first band from 0 bytes; each reaches up to the next one. */
    readonly bands: readonly { readonly aboveBytes: number; readonly usdPerUnit: number }[];
  };
  readonly downloads: {
    readonly usdPerGigabyte: number;
    /** Free: so many times what is stored on average in the month. */
    readonly freeTimesStored: number;
    readonly freeBytesPerDay: number;
    readonly freeBytesPerMonth: number;
  };
  /** What is not named costs nothing. */
  readonly calls: Readonly<Partial<Record<CallClass, { readonly usdPer10000: number; readonly freePerDay: number }>>>;
}

/** What a provider charges, as it changed over time. */
export interface RateCard {
  readonly name: string;
  /** As a person knows it. */
  readonly title: string;
  /** The class in which a kind of call is billed. */
  readonly classOf: Readonly<Record<"list" | "read", CallClass>>;
  /** Oldest first. */
  readonly rates: readonly Rate[];
}

/** A stretch of time in which one rate is in force. */
export interface RatePeriod {
  readonly rate: Rate;
  /** Seconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** Seconds since the epoch of a day's beginning, UTC; NaN when it is none. */
export const dayStart = (date: string): number => Date.parse(`${date}T00:00:00Z`) / 1000;

/** The newest rate in force at a moment; null: the card begins later. */
export function rateAt({ rates }: RateCard, at: number): Rate | null {
  return rates.findLast(({ from }) => dayStart(from) <= at) ?? null;
}

/** The rates in force between two moments, one after the other; what lies before the first one is left out. */
export function ratePeriods({ rates }: RateCard, from: number, until: number): readonly RatePeriod[] {
  return rates.flatMap((rate, index) => {
    const next = rates[index + 1];
    const first = Math.max(from, dayStart(rate.from));
    const last = Math.min(until, next ? dayStart(next.from) : until);
    return first < last ? [{ rate, from: first, until: last }] : [];
  });
}

/** The card with rates added; one of the same day replaces the card's own. */
export function withRates(card: RateCard, more: readonly Rate[]): RateCard {
  const byDay = new Map([...card.rates, ...more].map((rate) => [rate.from, rate]));
  return { ...card, rates: [...byDay.values()].sort((a, b) => a.from.localeCompare(b.from)) };
}

/** Hours of the calendar month, UTC, in which a moment lies. */
export function hoursOfMonth(at: number): number {
  const { from, until } = monthAround(at);
  return (until - from) / 3600;
}

/** The calendar month, UTC, in which a moment lies: providers bill by it. */
export function monthAround(at: number): { readonly name: string; readonly from: number; readonly until: number } {
  const date = new Date(at * 1000);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  const from = Date.UTC(year, month) / 1000;
  return { name: new Date(from * 1000).toISOString().slice(0, 7), from, until: Date.UTC(year, month + 1) / 1000 };
}

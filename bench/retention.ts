import { evaluateRetention, keep, type Policy } from "../src/model/retention/retention.ts";
import { parseSchedule } from "../src/model/time/schedule.ts";
import { duration, median } from "./measure.ts";
import { atMost, type Benchmark, milliseconds, type Row } from "./row.ts";

const rounds = 9;
const count = 100_000;
const now = Date.UTC(2026, 10, 21, 8, 57) / 1000;
const timezone = "Europe/Berlin";
const schedule = parseSchedule("0 * * * *", timezone);
const policy: Policy = {
  last: 3,
  within: 172_800,
  hourly: 48,
  daily: 30,
  weekly: 8,
  monthly: 24,
  yearly: 10,
  slack: 90_000,
};

/** Retention over 100 000 timestamps: hourly snapshots of eleven years. */
export const retention: Benchmark = {
  name: "retention",
  needs: [],
  async run() {
    const inOrder = Array.from({ length: count }, (_, index) => now - (count - index) * 3600);
    // A fixed permutation: 40 507 has no factor in common with 100 000.
    const shuffled = inOrder.map((_, index) => inOrder[(index * 40_507) % count] as number);
    const judge = (timestamps: readonly number[]) => () =>
      evaluateRetention({ timestamps, policy, timezone, inForceSince: 0, producers: [{ schedule, grace: 3600 }], now });
    return [
      await measure("retention: evaluate 100 000 timestamps, oldest first", judge(inOrder)),
      await measure("retention: evaluate 100 000 timestamps, shuffled", judge(shuffled)),
      await measure("retention: keep 100 000 timestamps, shuffled", () => keep(shuffled, policy, timezone)),
    ];
  },
};

async function measure(what: string, work: () => unknown): Promise<Row> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) took.push(await duration(work));
  const first = took[0] as number;
  const usual = median(took);
  return atMost(
    what,
    { value: Math.max(first, usual), limit: 100, write: milliseconds },
    {
      detail: `first ${milliseconds(first)}, median ${milliseconds(usual)}`,
      how: `The slower of the first call, which is what a process that judges once pays, and the median of ${rounds}, which is what the engine pays.`,
    },
  );
}

/** Data that was saved: a success of a run, all moments in seconds since the epoch. */
export interface SavedPoint {
  /** The data is as old as the start of its run. */
  readonly startedAt: number;
  /** From here on it can be restored. */
  readonly finishedAt: number;
  readonly runId: string;
}

/** What is known of one job of a data set. */
export interface SavingJob {
  /** Before this nothing is known of it. */
  readonly knownFrom: number;
  /** Whether the journal holds everything since `knownFrom`: then what is not there was never saved. */
  readonly isComplete: boolean;
  /** In any order. */
  readonly points: readonly SavedPoint[];
}

/** The longest time without newer data: the most that could have been lost. */
export interface RecoveryGap {
  readonly seconds: number;
  /** As old as this the newest data was. */
  readonly from: number;
  /** When newer data was there, or the end of what was looked at. */
  readonly until: number;
  /** The run whose data was the newest until then; null: there was none. */
  readonly afterRun: string | null;
  /** The run that ended it; null: the end of what was looked at. */
  readonly beforeRun: string | null;
}

export interface RecoveryHistory {
  /** Null: nothing is known. */
  readonly worst: RecoveryGap | null;
  /** From here on it is known; null: never. */
  readonly knownFrom: number | null;
  /** Share of the known time in which the data was not older than promised; null: nothing is known, or nothing promised. */
  readonly withinRatio: number | null;
  /** The greatest age in each of equal parts of the time, seconds; null: unknown. */
  readonly curve: readonly (number | null)[];
}

/** The newest data of each job between two changes. */
interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly since: number;
  readonly run: string | null;
  readonly endedBy: string | null;
}

/**
 * How old the newest data of several jobs, which together protect it, was at each moment between two: always that of the job that is worst
 * off. A run helps from its end on, and what it saved is as old as its start.
 * @param parts of the curve
 */
export function recoveryHistory(
  jobs: readonly SavingJob[],
  { from, until, promised, parts }: { from: number; until: number; promised: number | null; parts: number },
): RecoveryHistory {
  const stretches = stretchesOf(jobs, from, until);
  const curve = new Array<number | null>(parts).fill(null);
  const width = (until - from) / parts;
  let worst: RecoveryGap | null = null;
  let [known, within] = [0, 0];
  for (const stretch of stretches) {
    const seconds = Math.max(0, stretch.until - stretch.since);
    if (worst === null || seconds > worst.seconds) {
      worst = { seconds, from: stretch.since, until: stretch.until, afterRun: stretch.run, beforeRun: stretch.endedBy };
    }
    const length = stretch.until - stretch.from;
    known += length;
    if (promised !== null) within += Math.min(length, Math.max(0, stretch.since + promised - stretch.from));
    draw(curve, stretch, from, width);
  }
  return {
    worst,
    knownFrom: stretches[0]?.from ?? null,
    withinRatio: promised === null || known === 0 ? null : within / known,
    curve,
  };
}

function draw(curve: (number | null)[], stretch: Stretch, from: number, width: number): void {
  const first = Math.max(0, Math.floor((stretch.from - from) / width));
  const last = Math.min(curve.length - 1, Math.ceil((stretch.until - from) / width) - 1);
  for (let part = first; part <= last; part += 1) {
    const until = Math.min(stretch.until, from + (part + 1) * width);
    curve[part] = Math.max(curve[part] ?? 0, until - stretch.since, 0);
  }
}

/** One sweep over all points, in the order in which they became usable. */
function stretchesOf(jobs: readonly SavingJob[], from: number, until: number): Stretch[] {
  if (jobs.length === 0) return [];
  const newest = jobs.map(({ isComplete, knownFrom }) => ({
    since: isComplete ? knownFrom : null,
    run: null as string | null,
  }));
  const events = jobs
    .flatMap(({ points }, job) =>
      points.map((point) => ({ ...point, job, at: Math.max(point.startedAt, point.finishedAt) })),
    )
    .filter(({ at }) => at < until)
    .sort((a, b) => a.at - b.at);
  const begin = Math.max(from, ...jobs.map(({ knownFrom }) => knownFrom));
  const stretches: Stretch[] = [];
  let at = begin;
  const close = (end: number, endedBy: string | null) => {
    const oldest = newest.reduce((least, job) => ((job.since ?? -Infinity) < (least.since ?? -Infinity) ? job : least));
    if (end > at && oldest.since !== null)
      stretches.push({ from: at, until: end, since: oldest.since, run: oldest.run, endedBy });
    at = Math.max(at, end);
  };
  for (const event of events) {
    const own = newest[event.job];
    // A run that began before the newest one, and ended after it, brings nothing newer.
    if (!own || (own.since !== null && own.run !== null && event.startedAt <= own.since)) continue;
    close(event.at, event.runId);
    own.since = event.startedAt;
    own.run = event.runId;
  }
  close(until, null);
  return stretches;
}

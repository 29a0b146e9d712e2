import { StepError, toStepError } from "../../model/run/outcome.ts";
import type { Marker } from "./paging.ts";
import { countPage, type PageSource } from "./scan-page.ts";
import { addTotals, freshScan, type PageCount, type ScanProgress, type ScanUnit } from "./scan-progress.ts";

export interface ScanSettings extends PageSource {
  /** What is looked at: names below these; `[""]` is the whole bucket. */
  readonly scope: readonly string[];
  /** Prefixes that are counted apart; a name counts for the longest one that it begins with. */
  readonly parts: readonly string[];
  /** Where an earlier look had got to; null: from the beginning. */
  readonly resume: ScanProgress | null;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Listings in flight. @default 4 */
  readonly parallel?: number;
  /** Called with each page that was counted: whoever keeps it can go on from there. */
  readonly save: (progress: ScanProgress) => void;
}

export interface ScanResult {
  /** Whole when nothing is pending any more. */
  readonly progress: ScanProgress;
  /** Why it is not whole. */
  readonly failure: StepError | null;
}

/** Folders within folders that are looked into for something to do at the same time. */
const deepest = 4;
/** More units than this would be more to remember than they are worth. */
const mostUnits = 2000;

/**
 * Counts what is stored in a bucket by state and prefix: several listings at a time, one page of each in memory, and a position to go on from
 * after every page. What does not fit into one page is divided by its folders, as long as there are too few listings to keep all busy.
 */
export async function scanBucket(settings: ScanSettings): Promise<ScanResult> {
  const { resume, parallel = 4, scope, parts, now } = settings;
  const progress = resume ?? freshScan(scope, parts, now);
  const active = new Set<ScanUnit>();
  let failure: StepError | null = null;

  const next = () => progress.pending.find((unit) => !active.has(unit));
  async function work(): Promise<void> {
    for (let unit = next(); unit !== undefined && failure === null; unit = next()) {
      active.add(unit);
      try {
        await finish(unit);
      } catch (error) {
        failure ??= toStepError(error);
      }
      active.delete(unit);
      wake();
    }
  }

  // A worker without work ends; when folders are found there is work again.
  const workers = new Set<Promise<void>>();
  function wake(): void {
    while (workers.size < parallel && failure === null && next() !== undefined) {
      const worker: Promise<void> = work().finally(() => workers.delete(worker));
      workers.add(worker);
    }
  }

  async function finish(unit: ScanUnit): Promise<void> {
    const watch = circleWatch(settings.place.bucket);
    while (failure === null) {
      const page = await countPage(settings, progress, unit);
      if (page.folders === null && page.next !== null && divisible(unit)) {
        const divided = await countPage(settings, progress, unit, "/").catch((error: unknown) => {
          // Where the look ends here, the page that it has paid for still counts.
          commit(unit, page);
          throw error;
        });
        if (divided.next === null && areLarge(divided.folders ?? [], page.last)) return replace(unit, divided);
      }
      if (!progress.pending.includes(unit)) return;
      commit(unit, page);
      if (page.next === null) return;
      watch(page.next);
    }
  }

  const divisible = ({ kind, marker, depth }: ScanUnit) =>
    kind === "names" && marker === null && depth < deepest && progress.pending.length < 4 * parallel;

  function commit(unit: ScanUnit, page: PageCount): void {
    addTotals(progress, page);
    unit.marker = page.next;
    if (page.next === null) remove(unit);
    settings.save(progress);
  }

  function replace(unit: ScanUnit, page: PageCount): void {
    addTotals(progress, page);
    remove(unit);
    for (const prefix of page.folders ?? []) {
      const depth = progress.pending.length < mostUnits ? unit.depth + 1 : deepest;
      progress.pending.push({ kind: "names", prefix, marker: null, depth });
    }
    settings.save(progress);
    wake();
  }

  function remove(unit: ScanUnit): void {
    progress.pending.splice(progress.pending.indexOf(unit), 1);
    progress.done += 1;
  }

  wake();
  while (workers.size > 0) await Promise.all(workers);
  settings.place.signal?.throwIfAborted();
  return { progress, failure };
}

/** Folders of which one page holds several are cheaper to list together: each would cost a page of its own. */
function areLarge(folders: readonly string[], last: string | null): boolean {
  const passed = folders.filter((folder) => last !== null && !last.startsWith(folder) && folder < last);
  return folders.length > 0 && passed.length < 2;
}

/**
 * Finds pages that come back, with two of them in memory (Brent): what a listing says is held against one that is passed at ever longer
 * distances, so that a circle of any length is found before it has been gone round three times.
 */
function circleWatch(bucket: string): (marker: Marker) => void {
  let [passed, steps, limit] = ["", 0, 1];
  return (marker) => {
    const here = JSON.stringify(marker);
    if (here === passed) {
      throw new StepError("unknown", `bucket ${bucket}: the pages of the listing lead in a circle`, {
        advice: "its paging does not work: report it to the provider",
      });
    }
    steps += 1;
    if (steps < limit) return;
    [passed, steps, limit] = [here, 0, limit * 2];
  };
}

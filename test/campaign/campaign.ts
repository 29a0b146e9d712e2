import { Broken, type Kind, type Try } from "./kind.ts";
import { chanceOf } from "./random.ts";
import { openScope } from "./scope.ts";
import type { Subject } from "./subject.ts";

export interface CampaignPlan {
  readonly kinds: readonly Kind[];
  readonly subject: Subject;
  readonly seed: number;
  readonly kills: number;
  /** After which no new try begins. */
  readonly minutes: number;
  /** Only this try of each kind: to see a failure again. */
  readonly only?: number;
  readonly signal?: AbortSignal;
  readonly onTry?: (tried: Tried) => void;
}

/** One try as it went. */
export interface Tried {
  readonly kind: string;
  readonly number: number;
  readonly fault: string;
  readonly at: string;
  readonly kills: number;
  /** What did not hold; null: all did. */
  readonly failure: string | null;
}

export interface Skipped {
  readonly kind: string;
  readonly why: string;
}

export interface CampaignResult {
  readonly tried: readonly Tried[];
  readonly skipped: readonly Skipped[];
  /** Tries that were planned and never begun: the time was over. */
  readonly unreached: number;
  readonly seconds: number;
}

/** Tries that share a world, in their order. */
interface Batch {
  readonly kind: Kind;
  readonly numbers: readonly number[];
}

/** Worlds at work at the same time: one for each core that this was made for, and as many beside them that only wait. */
const workers = 2;

export async function runCampaign(plan: CampaignPlan): Promise<CampaignResult> {
  const started = performance.now();
  const skipped = plan.kinds.flatMap((kind) => {
    const why = kind.missing();
    return why === null ? [] : [{ kind: kind.name, why }];
  });
  const kinds = plan.kinds.filter((kind) => kind.missing() === null);
  const working = mixed(kinds.filter((kind) => !kind.waits).map((kind) => batchesOf(kind, plan)));
  const waiting = mixed(kinds.filter((kind) => kind.waits).map((kind) => batchesOf(kind, plan)));
  const tried: Tried[] = [];
  const tell = (one: Tried) => {
    tried.push(one);
    plan.onTry?.(one);
  };
  const isOver = () => plan.signal?.aborted === true || performance.now() - started > plan.minutes * 60_000;
  const work = async (queue: Batch[]) => {
    for (let batch = queue.shift(); batch && !isOver(); batch = queue.shift())
      await runBatch(batch, plan, tell, isOver);
  };
  const planned = [...working, ...waiting].reduce((sum, { numbers }) => sum + numbers.length, 0);
  await Promise.all([working, waiting].flatMap((queue) => Array.from({ length: workers }, () => work(queue))));
  return {
    tried,
    skipped,
    unreached: Math.max(0, planned - tried.length),
    seconds: (performance.now() - started) / 1000,
  };
}

function batchesOf(kind: Kind, plan: CampaignPlan): Batch[] {
  const all = Array.from({ length: kind.tries(plan.kills) }, (_, number) => number);
  const batches: Batch[] = [];
  for (let first = 0; first < all.length; first += kind.perWorld)
    batches.push({ kind, numbers: all.slice(first, first + kind.perWorld) });
  if (plan.only === undefined) return batches;
  const numbers = batches.find(({ numbers }) => numbers.includes(plan.only as number))?.numbers ?? [];
  return numbers.length > 0 ? [{ kind, numbers: [plan.only] }] : [];
}

/** Evenly mixed: when the time is over early, every kind has had its share. */
function mixed(queues: readonly Batch[][]): Batch[] {
  return queues
    .flatMap((queue) => queue.map((batch, index) => ({ batch, at: (index + 0.5) / queue.length })))
    .sort((a, b) => a.at - b.at)
    .map(({ batch }) => batch);
}

async function runBatch(
  { kind, numbers }: Batch,
  plan: CampaignPlan,
  tell: (tried: Tried) => void,
  isOver: () => boolean,
) {
  let scope = openScope();
  let attack: Try | null = null;
  for (const number of numbers) {
    if (isOver()) break;
    const base = { kind: kind.name, number };
    try {
      attack ??= await kind.open({ subject: plan.subject, scope }, number);
      tell({ ...base, ...(await attack(number, chanceOf(plan.seed, kind.name, number))), failure: null });
    } catch (error) {
      const seen = error instanceof Broken ? error.attack : { fault: kind.name, at: "", kills: 0 };
      tell({
        ...base,
        ...seen,
        failure:
          error instanceof Error
            ? error instanceof Broken
              ? error.message
              : (error.stack ?? error.message)
            : String(error),
      });
      // What is broken stays broken: the next try shall not suffer for it.
      await scope.close().catch(() => undefined);
      scope = openScope();
      attack = null;
    }
  }
  try {
    await scope.close();
  } catch (error) {
    tell({
      kind: kind.name,
      number: numbers.at(-1) ?? 0,
      fault: kind.name,
      at: "at the end of its world",
      kills: 0,
      failure: String(error),
    });
  }
}

import { resolve } from "node:path";
import { exitCodes } from "../../model/run/exit-codes.ts";
import { StepError, toStepError } from "../../model/run/outcome.ts";
import type { Owned } from "../../provision/identity.ts";
import type { Plan } from "../../provision/plan.ts";
import { mostPruned, prunable } from "../../provision/prune.ts";
import type { Target } from "../../provision/target.ts";
import { type Invocation, print, printJson, tell, UsageError } from "../command.ts";
import { createStyle, type Style } from "../terminal/style.ts";
import { makeVisible } from "../terminal/text.ts";
import { agreed, isAsked, refuseStale } from "./agreement.ts";
import { saveBodies, savedIn } from "./pull.ts";
import { openStage, planStage, type Stage } from "./stage.ts";
import type { Subject } from "./subject.ts";

interface Pruned {
  readonly id: string;
  readonly remoteId: string;
  readonly outcome: "would be deleted" | "deleted" | "kept";
  readonly why: string | null;
  /** File that its body is saved in; null: nothing was to be deleted. */
  readonly saved: string | null;
}

/** Deletes what is ours and no longer defined: opt-in, capped, saved first, and only what nothing else needs. */
export async function pruneAction(subject: Subject, invocation: Invocation): Promise<number> {
  const { yes, most = String(mostPruned) } = invocation.options;
  if (!/^\d+$/.test(String(most))) throw new UsageError(`--most ${most}: write a number`);
  const stage = await openStage(subject, invocation);
  try {
    const target = await stage.openTarget();
    await target.check();
    const planned = await planStage(subject, stage, target, { prune: true });
    const isAny = planned.plan.steps.some(({ action }) => action === "delete");
    if (isAny) stage.refuseLostFolder();
    let doomed = prunable(planned, Number(most));
    stage.progress.close();
    const { name } = stage.stack;
    let isAgreed = yes === true;
    if (!isAgreed && doomed.length > 0 && isAsked(invocation)) {
      isAgreed = await isWanted(doomed, stage, invocation);
      if (isAgreed) {
        // An answer takes its time: meanwhile somebody may have taken one of them over, or edited what is saved first.
        const now = await planStage(subject, stage, target, { prune: true });
        refuseStale(planned.plan, now.plan, "prune again, and look at what it shows then");
        doomed = prunable(now, Number(most));
      }
    }
    const results = isAgreed ? await removeAll(doomed, target, invocation, name) : doomed.map(shown);
    report(results, planned.plan, invocation, `pantheros ${subject.word} prune --stack ${name} --yes`);
    if (results.some(({ outcome }) => outcome === "kept")) return 1;
    return results.some(({ outcome }) => outcome === "would be deleted") ? exitCodes.pending[0] : 0;
  } finally {
    stage.progress.close();
  }
}

async function isWanted(doomed: readonly Owned[], { site }: Stage, invocation: Invocation): Promise<boolean> {
  const style = createStyle(invocation.stderr, invocation.environment);
  tell(invocation, ["", ...doomed.map((owned) => lineOf(shown(owned), style)), ""].join("\n"));
  return await agreed(`Save these ${doomed.length}, and delete them from ${site}?`, invocation);
}

async function removeAll(
  doomed: readonly Owned[],
  target: Target,
  invocation: Invocation,
  stack: string,
): Promise<readonly Pruned[]> {
  if (doomed.length === 0) return [];
  const { out } = invocation.options;
  const time = new Date(invocation.now()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const folder = typeof out === "string" ? out : `pruned-${stack}-${time}`;
  const saved = saveBodies(doomed, resolve(invocation.directory, folder), invocation);
  tell(invocation, `the bodies are saved in ${saved}`);
  const results: Pruned[] = [];
  // One after the other: each may be what keeps the next one.
  for (const owned of doomed)
    results.push({ ...(await removeOne(owned, target, invocation.signal)), saved: savedIn(saved, owned) });
  return results;
}

async function removeOne(
  { kind, mark, remoteId }: Owned,
  target: Target,
  signal: AbortSignal,
): Promise<Omit<Pruned, "saved">> {
  const common = { id: mark.id, remoteId };
  try {
    if (signal.aborted) throw toStepError(signal.reason);
    const why = (await target.removable(kind, [remoteId])).get(remoteId);
    if (why !== null) return { ...common, outcome: "kept", why: why ?? "nobody says that it can go" };
    await target.remove(kind, remoteId);
    return { ...common, outcome: "deleted", why: null };
  } catch (error) {
    const { message, reason } = toStepError(error);
    // Somebody else was faster.
    if (error instanceof StepError && reason === "source") return { ...common, outcome: "deleted", why: null };
    return { ...common, outcome: "kept", why: message };
  }
}

function shown({ mark, remoteId }: Owned): Pruned {
  return { id: mark.id, remoteId, outcome: "would be deleted", why: null, saved: null };
}

function report(results: readonly Pruned[], { stack, place }: Plan, invocation: Invocation, command: string): void {
  if (invocation.json) {
    printJson(invocation, { stack, place, results });
    return;
  }
  const style = createStyle(invocation.stdout, invocation.environment);
  const lines = results.map((result) => lineOf(result, style));
  const hint = results.some(({ outcome }) => outcome === "would be deleted") ? [`delete them with: ${command}`] : [];
  print(invocation, results.length === 0 ? "nothing is there that is not defined" : [...lines, ...hint].join("\n"));
}

function lineOf({ id, remoteId, outcome, why }: Pruned, style: Style): string {
  const sign = outcome === "kept" ? style.warn("!") : style.bad("-");
  const because = why === null ? "" : `: ${makeVisible(why)}`;
  return `  ${sign} ${style.bold(id)} ${style.dim(`(${remoteId})`)}  ${outcome}${because}`;
}

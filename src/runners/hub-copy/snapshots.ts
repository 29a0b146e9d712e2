import { StepError } from "../../model/run/outcome.ts";
import { copySnapshots, notCopied } from "../../tools/restic/copy.ts";
import type { ResticSnapshot } from "../../tools/restic/output.ts";
import { createRestic } from "../../tools/restic/restic.ts";
import { repositoryOf } from "../open-repository.ts";
import type { RunnerContext, StepResult } from "../runner.ts";
import type { HubEvidence, HubOptions } from "./options.ts";

/** `hub.sync` by `restic copy`: what the target lacks is copied, then each snapshot of the source has to have its counterpart. */
export async function copySnapshotsOf(
  { repository, into, hosts }: HubOptions,
  context: RunnerContext,
): Promise<StepResult<HubEvidence>> {
  const from = repositoryOf(repository as string, context);
  const to = repositoryOf(into as string, context);
  const [source, target] = [createRestic(from, context.execute), createRestic(to, context.execute)];
  await source.reach();
  await target.reach();
  const wanted = (await source.snapshots()).filter(({ host }) => hosts.length === 0 || hosts.includes(host));
  if (wanted.length === 0) {
    throw new StepError("empty_artifact", `${from.name} holds no snapshot to copy`, {
      advice: "see that it is the right repository, and what hosts leaves over",
    });
  }
  const before = await target.snapshots();
  const lacking = notCopied(wanted, before);
  if (context.dryRun) {
    const evidence = {
      ...counted(wanted, before),
      repository: to.name,
      snapshot_id: "",
      copied: 0,
      missing: lacking.length,
    };
    return { evidence, message: `would copy ${lacking.length} snapshots of ${from.name} to ${to.name}` };
  }
  const { tail } = await copySnapshots(
    from,
    to,
    context.execute,
    lacking.map(({ id }) => id),
    (saved) => context.progress({ ratio: saved / lacking.length, note: `${saved} of ${lacking.length} snapshots` }),
  );
  const after = lacking.length === 0 ? before : await target.snapshots();
  const missing = notCopied(wanted, after);
  if (missing.length > 0) throw notArrived(missing, from.name, to.name);
  const newest = wanted.reduce((last, one) => (one.at > last.at ? one : last));
  const evidence = {
    ...counted(wanted, after),
    repository: to.name,
    snapshot_id: counterpart(newest, after)?.id ?? "",
    copied: lacking.length,
    missing: 0,
  };
  const message = `${lacking.length} snapshots copied from ${from.name}, all ${wanted.length} of it found in ${to.name}`;
  return { evidence, message, tail };
}

function counted(source: readonly ResticSnapshot[], target: readonly ResticSnapshot[]) {
  return { snapshots_source: source.length, snapshots_target: target.length };
}

function counterpart(one: ResticSnapshot, target: readonly ResticSnapshot[]) {
  return target.find((other) => notCopied([one], [other]).length === 0);
}

function notArrived(missing: readonly ResticSnapshot[], from: string, to: string): StepError {
  const [first] = missing;
  const said = `${missing.length} snapshots of ${from} have no counterpart in ${to}, e.g. ${first?.id.slice(0, 8)}`;
  return new StepError("verification", said, {
    advice: "see whether something forgets in the target while it is filled, then run it again",
    evidence: { repository: to, missing: missing.length },
  });
}

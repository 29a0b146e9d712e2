import { StepError } from "../../model/run/outcome.ts";
import type { Secret } from "../../model/secret.ts";
import type { Execute } from "../exec.ts";
import { createResticCall } from "./call.ts";
import type { ResticSnapshot } from "./output.ts";
import type { ResticRepository } from "./repository.ts";

/** 65 bytes each: far below what the kernel takes. */
const idsInOneCall = 5000;

/**
 * `restic copy` of the snapshots with these ids; what was copied before is skipped. It is one restic for both repositories: its program and
 * its cache are those of the target.
 * @returns how many snapshots restic says it saved
 * @throws StepError `config` when both need the same variable with another value, and those of `restic-failure.ts`
 */
export async function copySnapshots(
  from: ResticRepository,
  to: ResticRepository,
  execute: Execute,
  ids: readonly string[],
  onSaved: (saved: number) => void,
): Promise<{ readonly saved: number; readonly tail: string }> {
  refuseSharedVariables(from, to);
  const restic = createResticCall(to, execute, from);
  let [saved, tail] = [0, ""];
  for (let first = 0; first < ids.length; first += idsInOneCall) {
    const args = ["copy", "--", ...ids.slice(first, first + idsInOneCall)];
    const result = await restic.succeed(`copy from the repository ${from.name} to ${to.name}`, args, {
      onStdoutLine(line) {
        if (!/^snapshot [0-9a-f]{8,} saved\b/.test(line)) return;
        saved += 1;
        onSaved(saved);
      },
    });
    tail = restic.clean(result.stdout.slice(-2000)).trim();
  }
  return { saved, tail };
}

/**
 * Creates a repository that cuts files as another one does, so that what `copy` brings and what is backed up there share their data.
 * @throws StepError as `copySnapshots`
 */
export async function initLike(from: ResticRepository, to: ResticRepository, execute: Execute): Promise<void> {
  refuseSharedVariables(from, to);
  const restic = createResticCall(to, execute, from);
  await restic.succeed(`create the repository ${to.name}`, ["init", "--json", "--copy-chunker-params"]);
}

/** Snapshots of the source that the target lacks: neither itself, nor a copy of it, nor of what it is a copy of. */
export function notCopied(source: readonly ResticSnapshot[], target: readonly ResticSnapshot[]) {
  const known = new Map<string, ResticSnapshot>();
  for (const snapshot of target) {
    known.set(snapshot.id, snapshot);
    if (snapshot.original !== undefined) known.set(snapshot.original, snapshot);
  }
  const twinOf = ({ id, original = id }: ResticSnapshot) => known.get(id) ?? known.get(original);
  return source.filter((snapshot) => {
    const twin = twinOf(snapshot);
    return twin === undefined || !isSame(snapshot, twin);
  });
}

/** A copy has another id; its content is the same tree, its origin the same host, paths and moment. */
function isSame(one: ResticSnapshot, other: ResticSnapshot): boolean {
  return (
    one.tree === other.tree && one.host === other.host && one.at === other.at && one.paths.join() === other.paths.join()
  );
}

/** `createResticCall` hands these on for each repository by itself. */
const ofEach: ReadonlySet<string> = new Set(["RESTIC_CACERT", "RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"]);

/** Credentials of two providers have the same names, and one restic can be given them once only. */
function refuseSharedVariables(from: ResticRepository, to: ResticRepository): void {
  const clash = Object.keys(from.environment).find(
    (name) =>
      name in to.environment && !ofEach.has(name) && plain(from.environment[name]) !== plain(to.environment[name]),
  );
  if (clash === undefined) return;
  throw new StepError(
    "config",
    `${from.name} and ${to.name} need different values of ${clash}, and restic can copy with one only`,
    {
      advice:
        "reach one of them another way: through a REST server, or as rclone:REMOTE:PATH; or copy its folder with method: rclone",
    },
  );
}

const plain = (value: string | Secret | undefined) =>
  value === undefined || typeof value === "string" ? value : value.reveal();

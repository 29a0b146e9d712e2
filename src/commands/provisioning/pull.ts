import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { suggest } from "../../config/closest.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { Owned } from "../../provision/identity.ts";
import { type Invocation, print, tell } from "../command.ts";
import { writeWhole } from "../report-file.ts";
import { nearby, openStage, planStage } from "./stage.ts";
import { countedByKind, type Subject } from "./subject.ts";

/** Prints, or writes into a folder, what is there and ours. */
export async function pullAction(subject: Subject, invocation: Invocation): Promise<number> {
  const stage = await openStage(subject, invocation);
  try {
    // Also what is no longer defined: it is there and ours.
    const { owned } = await planStage(subject, { ...stage, only: undefined }, await stage.openTarget());
    stage.progress.close();
    const all = [...owned.values()];
    const found = all.filter(({ mark }) => stage.only?.some((id) => isOf(mark.id, id)) ?? true);
    refuseMissing(stage.only ?? [], all, subject);
    const { out } = invocation.options;
    // As they are: their keys are the API's own.
    if (typeof out !== "string")
      print(
        invocation,
        JSON.stringify(
          found.map(({ body }) => body),
          null,
          2,
        ),
      );
    else {
      const folder = saveBodies(found, resolve(invocation.directory, out), invocation);
      tell(invocation, `${countedByKind(found)} saved in ${nearby(folder, invocation)}`);
      if (invocation.json) print(invocation, JSON.stringify({ folder, saved: found.map(({ mark }) => mark.id) }));
    }
    return 0;
  } finally {
    stage.progress.close();
  }
}

/** `x.1` is a part of `x`. */
const isOf = (id: string, asked: string) => id === asked || id.startsWith(`${asked}.`);

function refuseMissing(asked: readonly string[], all: readonly Owned[], { word }: Subject): void {
  const ids = all.map(({ mark }) => mark.id);
  const missing = asked.find((id) => !ids.some((there) => isOf(there, id)));
  if (missing === undefined) return;
  throw new StepError("config", `none of the ${word} that are there and ours is ${missing}`, {
    advice: suggest(missing, ids, `none of ours is there yet: pantheros ${word} sync`),
  });
}

/** One file for each, written whole and durably. @returns the folder */
export function saveBodies(resources: readonly Owned[], folder: string, { random, now }: Invocation): string {
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  for (const owned of resources)
    writeWhole(savedIn(folder, owned), [`${JSON.stringify(owned.body, null, 2)}\n`], random, now);
  return folder;
}

/** The file of one in a folder of saved bodies. */
export function savedIn(folder: string, { kind, mark, remoteId }: Owned): string {
  return join(folder, `${kind}-${mark.id}-${remoteId}.json`);
}

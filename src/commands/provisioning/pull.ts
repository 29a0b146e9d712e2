import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Owned } from "../../provision/identity.ts";
import { type Invocation, print, tell } from "../command.ts";
import { writeWhole } from "../report-file.ts";
import { openStage, planStage } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** Prints, or writes into a folder, what is there and ours. */
export async function pullAction(subject: Subject, invocation: Invocation): Promise<number> {
  const stage = await openStage(subject, invocation);
  try {
    const { owned } = await planStage(subject, stage, await stage.openTarget());
    stage.progress.close();
    const found = [...owned.values()].filter(({ mark }) => stage.only?.includes(mark.id) ?? true);
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
      tell(invocation, `${found.length} ${subject.word} are in ${folder}`);
      if (invocation.json) print(invocation, JSON.stringify({ folder, saved: found.map(({ mark }) => mark.id) }));
    }
    return 0;
  } finally {
    stage.progress.close();
  }
}

/** One file for each, written whole and durably. @returns the folder */
export function saveBodies(resources: readonly Owned[], folder: string, { random, now }: Invocation): string {
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  for (const { kind, mark, remoteId, body } of resources) {
    writeWhole(
      join(folder, `${kind}-${mark.id}-${remoteId}.json`),
      [`${JSON.stringify(body, null, 2)}\n`],
      random,
      now,
    );
  }
  return folder;
}

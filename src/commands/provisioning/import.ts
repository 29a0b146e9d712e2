import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stacks } from "../../../monitors/stacks.ts";
import { StepError } from "../../model/run/outcome.ts";
import { importBatch, type Refused } from "../../provision/import/batch.ts";
import { candidatesIn } from "../../provision/import/file.ts";
import { folderOf, importedResources, writeImported } from "../../provision/import/folder.ts";
import type { Candidate, Imported } from "../../provision/import/import.ts";
import type { Importable } from "../../provision/import/importable.ts";
import { importables } from "../../provision/import/kinds.ts";
import { configuredStacks, stackNamed } from "../../provision/stacks.ts";
import type { Target } from "../../provision/target.ts";
import { type Invocation, print, printJson, UsageError } from "../command.ts";
import { writeWhole } from "../report-file.ts";
import { createProgress } from "../terminal/progress.ts";
import { createStyle } from "../terminal/style.ts";
import { makeVisible } from "../terminal/text.ts";
import { siteOf } from "./keys.ts";
import { remoteIdIn } from "./remote-id.ts";
import { fromConfiguration, idsIn, importedFolder, nearby, openTarget, settingsOf } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** What was found there of it before. */
type Change = "new" | "changed" | "unchanged";
type Written = Imported & { readonly file: string; readonly change: Change };

/** Turns what exists into definitions; writes files and nothing in Datadog. */
export async function importAction(subject: Subject, invocation: Invocation): Promise<number> {
  const importable = importables[subject.imports];
  const { stack: name, out, as, id } = invocation.options;
  const settings = await settingsOf(invocation);
  const stack = stackNamed(configuredStacks(stacks, settings), typeof name === "string" ? name : undefined);
  const named = importedFolder(settings, stack.name, invocation);
  const folder = typeof out === "string" ? resolve(invocation.directory, out) : named;
  if (folder === undefined) {
    throw new UsageError(
      `import: where shall the definitions be?\n  → name a folder with --out DIR, or as provisioning.stacks.${stack.name}.imported in the configuration`,
    );
  }
  const progress = createProgress(invocation.stderr, invocation.environment, invocation.now);
  try {
    // Asked only for addresses: files are imported whatever the environment says.
    const site =
      typeof id === "string" && settings?.datadog.url === undefined ? siteOf(settings, invocation) : undefined;
    const asked = typeof id === "string" ? idsIn(id).map((one) => remoteIdIn(importable, one, site)) : [];
    const ids = [...new Set(asked)];
    const [, ...files] = invocation.arguments;
    if (ids.length + files.length === 0)
      throw new UsageError(`import: name what to import\n  → FILE…, or ${subject.word} of Datadog by --id`);
    const candidates = files.flatMap((file) => candidatesIn(importable, readExport(file, invocation), file));
    if (ids.length > 0) {
      progress.start("reading from Datadog");
      candidates.push(...(await remoteOnes(importable, ids, await openTarget(settings, invocation, progress))));
      progress.done("success", `${ids.length} asked for`);
    }
    if (typeof as === "string" && candidates.length > 1)
      throw new UsageError(`--as ${as}: these are ${candidates.length} ${subject.word}\n  → import that one alone`);
    const shown = (file: string) => nearby(file, invocation);
    const { imported, refused } = await importBatch(importable, candidates, {
      stack: stack.name,
      defined: subject.resources(stack),
      folder: existsSync(folder) ? importedResources(importable, folder, { shown, stack: stack.name }) : [],
      ...(typeof as === "string" ? { as } : {}),
    });
    const written = imported.map((one) => write(importable, one, folderOf(importable, folder), invocation));
    progress.close();
    if (invocation.json) printJson(invocation, asJson(shown(folder), written, refused));
    else
      show(written, refused, { folder, isNamed: folder === named, stack: stack.name, word: subject.word }, invocation);
    return refused.length === 0 ? 0 : 1;
  } finally {
    progress.close();
  }
}

async function remoteOnes(
  { kind }: Importable,
  ids: readonly string[],
  target: Pick<Target, "find">,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  // One after the other: a person names a few.
  for (const id of ids) {
    const found = await target.find(kind, id);
    const problems = found === null ? [`it is not there: is that its id, and are the keys of its organisation?`] : [];
    candidates.push({ place: `${kind} ${id}`, body: found?.body ?? {}, problems });
  }
  return candidates;
}

function readExport(file: string, { directory }: Invocation): string {
  try {
    return readFileSync(resolve(directory, file), "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("config", `${file} cannot be read: ${why}`, { advice: "name a file that is there", cause });
  }
}

function write(importable: Importable, one: Imported, folder: string, invocation: Invocation): Written {
  const file = join(folder, `${one.id}.json`);
  const text = writeImported(importable, one);
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  const change = before === null ? "new" : before === text ? "unchanged" : "changed";
  if (change !== "unchanged") {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    writeWhole(file, [text], invocation.random, invocation.now);
  }
  return { ...one, file: nearby(file, invocation), change };
}

function asJson(folder: string, written: readonly Written[], refused: readonly Refused[]) {
  return {
    folder,
    imported: written.map(({ id, adopts, file, change, left }) => ({ id, adopts, file, change, left })),
    refused,
  };
}

function show(
  written: readonly Written[],
  refused: readonly Refused[],
  { folder, isNamed, stack, word }: { folder: string; isNamed: boolean; stack: string; word: string },
  invocation: Invocation,
): void {
  const style = createStyle(invocation.stdout, invocation.environment);
  const lines = written.flatMap(({ id, adopts, file, change, left }) => [
    `  ${style.good("✓")} ${style.bold(id)}${adopts === null ? "" : style.dim(` (${adopts})`)}  ${style.dim(`${file}, ${change}`)}`,
    ...left.map((what) => `      left as it is in Datadog: ${makeVisible(what)}`),
    ...(adopts === null
      ? ["      its id is not in the export: a sync makes a new one, unless you write it into adopts of that file"]
      : []),
  ]);
  const refusals = refused.flatMap(({ place, name, reasons }) => [
    `  ${style.bad("✗")} ${style.bold(makeVisible(name ?? place))}${name === null || name === place ? "" : `  ${style.dim(makeVisible(place))}`}`,
    ...reasons.map((reason) => `      ${makeVisible(reason)}`),
  ]);
  const next =
    written.length === 0
      ? []
      : isNamed
        ? [
            `what a sync would do: pantheros ${word} plan --stack ${stack} --only ${written.map(({ id }) => id).join(",")}`,
          ]
        : [
            `for plan to find them, write into the configuration, as provisioning.stacks.${stack}.imported: ${fromConfiguration(folder, invocation)}`,
          ];
  const verdict = `${written.length} imported${refused.length === 0 ? "" : `, ${refused.length} not`}`;
  print(invocation, [...lines, ...refusals, "", verdict, ...next].join("\n"));
}

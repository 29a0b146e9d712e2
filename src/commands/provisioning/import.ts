import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { stacks } from "../../../monitors/stacks.ts";
import { StepError } from "../../model/outcome.ts";
import { importBatch, type Refused } from "../../provision/import/batch.ts";
import { monitorsIn } from "../../provision/import/file.ts";
import { importedResources, writeImported } from "../../provision/import/folder.ts";
import type { Candidate, Imported } from "../../provision/import/import.ts";
import { configuredStacks, stackNamed } from "../../provision/stacks.ts";
import { type Invocation, print, printJson, UsageError } from "../command.ts";
import { writeWhole } from "../report-file.ts";
import { createProgress } from "../terminal/progress.ts";
import { createStyle } from "../terminal/style.ts";
import { makeVisible } from "../terminal/text.ts";
import { importedFolder, openTarget, settingsOf } from "./stage.ts";
import type { Subject } from "./subject.ts";

/** What was found there of it before. */
type Change = "new" | "changed" | "unchanged";
type Written = Imported & { readonly file: string; readonly change: Change };

/** Turns existing monitors into definitions; writes files and nothing in Datadog. */
export async function importAction(subject: Subject, invocation: Invocation): Promise<number> {
  if (!subject.kinds.includes("monitor")) throw new UsageError(`${subject.word} cannot be imported, monitors can`);
  const { stack: name, out, as } = invocation.options;
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
    const ids = idsOf(invocation);
    const [, ...files] = invocation.arguments;
    if (ids.length + files.length === 0)
      throw new UsageError("import: name what to import\n  → FILE…, or monitors of Datadog by --id N,…");
    const candidates = files.flatMap((file) => monitorsIn(readExport(file, invocation), file));
    if (ids.length > 0) {
      progress.start("reading from Datadog");
      candidates.push(...(await liveMonitors(ids, await openTarget(settings, invocation, progress))));
      progress.done("success", `${ids.length} asked for`);
    }
    if (typeof as === "string" && candidates.length > 1)
      throw new UsageError(`--as ${as}: these are ${candidates.length} monitors\n  → import that one alone`);
    const inFolder = existsSync(folder) ? importedResources(folder) : [];
    const { imported, refused } = await importBatch(candidates, {
      defined: subject.resources(stack),
      folder: inFolder,
      ...(typeof as === "string" ? { as } : {}),
    });
    const written = imported.map((one) => write(one, folder, invocation));
    progress.close();
    if (invocation.json) printJson(invocation, asJson(folder, written, refused));
    else
      show(written, refused, { folder, isNamed: folder === named, stack: stack.name, word: subject.word }, invocation);
    return refused.length === 0 ? 0 : 1;
  } finally {
    progress.close();
  }
}

function idsOf({ options }: Invocation): readonly string[] {
  if (typeof options["id"] !== "string") return [];
  const ids = options["id"].split(",").map((id) => id.trim());
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined)
    throw new UsageError(`--id ${wrong}: write the monitor's number, the last part of its address in Datadog`);
  return [...new Set(ids)];
}

async function liveMonitors(
  ids: readonly string[],
  target: Awaited<ReturnType<typeof openTarget>>,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  // One after the other: a person names a few.
  for (const id of ids) {
    const found = await target.find("monitor", id);
    const problems =
      found === null ? ["it is not there: is the number right, and are the keys of its organisation?"] : [];
    candidates.push({ place: `monitor ${id}`, body: found?.body ?? {}, problems });
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

function write(one: Imported, folder: string, invocation: Invocation): Written {
  const file = join(folder, `${one.id}.json`);
  const text = writeImported(one);
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  const change = before === null ? "new" : before === text ? "unchanged" : "changed";
  if (change !== "unchanged") {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    writeWhole(file, [text], invocation.random, invocation.now);
  }
  const near = relative(invocation.directory, file);
  return { ...one, file: near.startsWith("..") ? file : near, change };
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
      ? ["      its number is not in the export: a sync makes a new one, unless you write it into adopts"]
      : []),
  ]);
  const refusals = refused.flatMap(({ place, name, reasons }) => [
    `  ${style.bad("✗")} ${style.bold(makeVisible(name ?? "without a name"))}  ${style.dim(makeVisible(place))}`,
    ...reasons.map((reason) => `      ${makeVisible(reason)}`),
  ]);
  const next =
    written.length === 0
      ? []
      : isNamed
        ? [
            `what a sync would do: pantheros ${word} plan --stack ${stack} --only ${written.map(({ id }) => id).join(",")}`,
          ]
        : [`for plan to find them, configure provisioning.stacks.${stack}.imported: ${folder}`];
  const verdict = `${written.length} imported${refused.length === 0 ? "" : `, ${refused.length} not`}`;
  print(invocation, [...lines, ...refusals, "", verdict, ...next].join("\n"));
}

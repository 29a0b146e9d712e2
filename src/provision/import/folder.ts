import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StepError } from "../../model/run/outcome.ts";
import { readableJson } from "../readable-json.ts";
import { isBody, type Resource } from "../resource.ts";
import type { Imported } from "./import.ts";
import type { Importable, ImportedKind } from "./importable.ts";

const formatOf = (kind: ImportedKind) => `pantheros ${kind} 1`;

/** Where definitions of a kind are: monitors in the folder itself, others in a folder of their own inside it. */
export function folderOf({ kind, word }: Importable, folder: string): string {
  return kind === "monitor" ? folder : join(folder, word);
}

/** A definition as it is kept; its id is the name of its file. */
export function writeImported({ kind }: Importable, { adopts, body }: Pick<Imported, "adopts" | "body">): string {
  return readableJson({ format: formatOf(kind), adopts, body });
}

/** @throws StepError `config` for what import has not written */
export function readImported(
  { kind, word, remoteId, remoteIdWords }: Importable,
  text: string,
  file: string,
): Pick<Resource, "body"> & { readonly adopts: string | null } {
  const value = parse(text, file);
  const adopts = isBody(value) ? (value["adopts"] ?? null) : undefined;
  const isRemoteId = adopts === null || (typeof adopts === "string" && remoteId.test(adopts));
  if (isBody(value) && value["format"] === formatOf(kind) && isBody(value["body"]) && isRemoteId)
    return { adopts, body: value["body"] };
  throw new StepError("config", `${file} is no definition that import has written`, {
    advice: `it needs format: "${formatOf(kind)}", adopts: ${remoteIdWords.split(",")[0]} as text, or null, and body. Import it: pantheros ${word} import ${file}`,
  });
}

/**
 * The definitions of a folder, as resources.
 * @param folder which the configuration names; it must be there, since what is no longer defined may be deleted
 * @param shown how messages write the path of a file @param stack whose they are
 * @throws StepError `config` when it cannot be read, one is none, or two adopt the same
 */
export function importedResources(
  importable: Importable,
  folder: string,
  {
    shown = (file) => file,
    stack = "NAME",
  }: { readonly shown?: (file: string) => string; readonly stack?: string } = {},
): readonly Resource[] {
  const { kind } = importable;
  const resources = filesIn(importable, folder, shown(folder), stack).map((path): Resource => {
    const file = shown(path);
    const { adopts, body } = readImported(importable, readFileSync(path, "utf8"), file);
    const id = path.slice(path.lastIndexOf("/") + 1).replace(/\.json$/, "");
    return { kind, id, needs: [], body, file, ...(adopts === null ? {} : { adopts }) };
  });
  for (const [remote, twins] of Map.groupBy(resources, ({ adopts }) => adopts)) {
    if (remote === undefined || twins.length === 1) continue;
    throw new StepError("config", `${twins.map(({ file }) => file).join(" and ")} both adopt ${kind} ${remote}`, {
      advice: `remove one of them: a ${kind} has one id`,
    });
  }
  return resources;
}

function filesIn(importable: Importable, folder: string, shown: string, stack: string): readonly string[] {
  try {
    const all = readdirSync(folder);
    const own = folderOf(importable, folder);
    const names = own === folder ? all : all.includes(importable.word) ? readdirSync(own) : [];
    return names
      .filter((name) => name.endsWith(".json"))
      .toSorted()
      .map((name) => join(own, name));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const isGone = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    const message = isGone
      ? `the folder ${shown} of imported definitions is not there`
      : `${shown} cannot be read: ${why}`;
    throw new StepError("config", message, {
      advice: `import something into it (pantheros ${importable.word} import --id ID), or remove provisioning.stacks.${stack}.imported; without it, what was imported would count as no longer defined`,
      cause,
    });
  }
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("config", `${file} cannot be read as JSON: ${why}`, { advice: "mend it, or import it anew" });
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StepError } from "../../model/outcome.ts";
import { readableJson } from "../readable-json.ts";
import { isBody, type Resource } from "../resource.ts";
import type { Imported } from "./import.ts";

const format = "pantheros monitor 1";

/** A definition as it is kept; its id is the name of its file. */
export function writeImported({ adopts, body }: Pick<Imported, "adopts" | "body">): string {
  return readableJson({ format, adopts, body });
}

/** @throws StepError `config` for what import has not written */
export function readImported(text: string, file: string): Pick<Resource, "body"> & { readonly adopts: string | null } {
  const value = parse(text, file);
  const adopts = isBody(value) ? (value["adopts"] ?? null) : undefined;
  const isNumber = adopts === null || (typeof adopts === "string" && /^\d+$/.test(adopts));
  if (isBody(value) && value["format"] === format && isBody(value["body"]) && isNumber)
    return { adopts, body: value["body"] };
  throw new StepError("config", `${file} is no definition that import has written`, {
    advice: `it needs format: "${format}", adopts: the monitor's number as text, or null, and body. Import it: pantheros monitors import ${file}`,
  });
}

/**
 * The definitions of a folder, as resources.
 * @throws StepError `config` when it cannot be read, one is none, or two adopt the same monitor
 */
export function importedResources(folder: string): readonly Resource[] {
  const resources = filesIn(folder).map((name): Resource => {
    const file = join(folder, name);
    const { adopts, body } = readImported(readFileSync(file, "utf8"), file);
    const id = name.replace(/\.json$/, "");
    return { kind: "monitor", id, needs: [], body, file, ...(adopts === null ? {} : { adopts }) };
  });
  for (const [number, twins] of Map.groupBy(resources, ({ adopts }) => adopts)) {
    if (number === undefined || twins.length === 1) continue;
    throw new StepError("config", `${twins.map(({ file }) => file).join(" and ")} both adopt monitor ${number}`, {
      advice: "remove one of them: a monitor has one id",
    });
  }
  return resources;
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .toSorted();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StepError("config", `the imported definitions cannot be read: ${why}`, {
      advice: "correct provisioning.stacks.*.imported, or write them anew with: pantheros monitors import",
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

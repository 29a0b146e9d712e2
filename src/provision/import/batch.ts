import type { Resource } from "../resource.ts";
import { type Candidate, type Imported, importMonitor } from "./import.ts";

/** What cannot become a definition, and why. */
export interface Refused {
  readonly place: string;
  /** Null: it has none. */
  readonly name: string | null;
  readonly reasons: readonly string[];
}

/**
 * Imports several, each under an id of its own. One that is imported already keeps its id, whatever it is called now.
 * @param defined what the stack has
 * @param folder those of them that import has written, which may be written anew
 * @param as the id, when it is one
 */
export async function importBatch(
  candidates: readonly Candidate[],
  { defined, folder, as }: { defined: readonly Resource[]; folder: readonly Resource[]; as?: string },
): Promise<{ readonly imported: readonly Imported[]; readonly refused: readonly Refused[] }> {
  const imported = new Map<string, Imported & { readonly place: string }>();
  const refused: Refused[] = [];
  for (const candidate of candidates) {
    const { place, body } = candidate;
    const name = typeof body["name"] === "string" ? body["name"] : null;
    const before = folder.find(({ adopts }) => adopts !== undefined && adopts === String(body["id"]));
    const result = await importMonitor(candidate, as ?? before?.id);
    if ("reasons" in result) {
      refused.push({ place, name, reasons: result.reasons });
      continue;
    }
    const reason = conflictOf(result, imported.get(result.id)?.place, before, defined, folder);
    if (reason === null) imported.set(result.id, { ...result, place });
    else refused.push({ place, name, reasons: [reason] });
  }
  return { imported: [...imported.values()], refused };
}

function conflictOf(
  { id, adopts }: Imported,
  twin: string | undefined,
  before: Resource | undefined,
  defined: readonly Resource[],
  folder: readonly Resource[],
): string | null {
  const choose = `import it alone and choose its id: --as ID`;
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(id))
    return `${id} is no id: use lower-case letters, digits, dots and dashes, at most 100`;
  if (twin !== undefined) return `it would be ${id}, as ${twin} is already (two with one name?): ${choose}`;
  if (before !== undefined && before.id !== id)
    return `it is imported as ${before.id} already, and an id is not changed: remove ${before.file ?? "that"} first, or leave out --as`;
  const there = folder.find((resource) => resource.id === id);
  if (there !== undefined && there.adopts !== undefined && adopts !== null && there.adopts !== adopts)
    return `${there.file ?? id} is monitor ${there.adopts}: ${choose}`;
  if (there === undefined && defined.some((resource) => resource.kind === "monitor" && resource.id === id))
    return `${id} is defined by pantheros itself: ${choose}`;
  return null;
}

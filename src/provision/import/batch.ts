import { formOf } from "../forms.ts";
import type { Body, Resource } from "../resource.ts";
import { adoptedBy, type Candidate, type Imported, importOne } from "./import.ts";
import type { Importable } from "./importable.ts";

/** What cannot become a definition, and why. */
export interface Refused {
  readonly place: string;
  /** Null: it has none. */
  readonly name: string | null;
  readonly reasons: readonly string[];
}

export interface BatchOptions {
  readonly stack: string;
  /** What the stack has. */
  readonly defined: readonly Resource[];
  /** Those that import has written, which may be written anew. */
  readonly folder: readonly Resource[];
  /** The id, when it is one. */
  readonly as?: string;
}

/** Imports several, each under an id of its own. One that is imported already keeps its id, whatever it is called now. */
export async function importBatch(
  importable: Importable,
  candidates: readonly Candidate[],
  { stack, defined, folder, as }: BatchOptions,
): Promise<{ readonly imported: readonly Imported[]; readonly refused: readonly Refused[] }> {
  const imported = new Map<string, Imported & { readonly place: string }>();
  const refused: Refused[] = [];
  for (const candidate of candidates) {
    const { place, body } = candidate;
    const title = body[importable.title];
    const name = typeof title === "string" ? title : null;
    const number = adoptedBy(importable, body);
    const own = number === null ? null : shippedAs(importable, body, stack, defined);
    if (own !== null) {
      const reason = `it is ${own} of the stack ${stack} already, which pantheros itself defines: there is nothing to import`;
      refused.push({ place, name, reasons: [reason] });
      continue;
    }
    const before = folder.find(({ adopts }) => adopts !== undefined && adopts === number);
    const result = await importOne(importable, candidate, as ?? before?.id);
    if ("reasons" in result) {
      refused.push({ place, name, reasons: result.reasons });
      continue;
    }
    const twin = imported.get(result.id);
    // Asked for by its number and by a file: once is enough.
    if (twin !== undefined && twin.adopts !== null && twin.adopts === result.adopts) continue;
    const reason = conflictOf(importable, result, twin?.place, before, defined, folder);
    if (reason === null) imported.set(result.id, { ...result, place });
    else refused.push({ place, name, reasons: [reason] });
  }
  return { imported: [...imported.values()], refused };
}

/** The id under which it is ours without a file of anybody; null: it is not. */
function shippedAs({ kind }: Importable, body: Body, stack: string, defined: readonly Resource[]): string | null {
  const mark = formOf(kind).identity.read(body);
  const isShipped = defined.some((resource) => resource.kind === kind && resource.id === mark?.id);
  return mark !== null && mark.stack === stack && isShipped ? mark.id : null;
}

function conflictOf(
  { kind, title }: Importable,
  { id, adopts }: Imported,
  twin: string | undefined,
  before: Resource | undefined,
  defined: readonly Resource[],
  folder: readonly Resource[],
): string | null {
  const choose = `import it alone and choose its id: --as ID`;
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(id))
    return `${id} is no id: use lower-case letters, digits, dots and dashes, at most 100`;
  if (twin !== undefined) return `it would be ${id}, as ${twin} is already (two with one ${title}?): ${choose}`;
  if (before !== undefined && before.id !== id)
    return `it is imported as ${before.id} already, and an id is not changed: remove ${before.file ?? "that"} first, or leave out --as`;
  const there = folder.find((resource) => resource.id === id);
  if (there !== undefined && there.adopts !== undefined && adopts !== null && there.adopts !== adopts)
    return `${there.file ?? id} is ${kind} ${there.adopts}: ${choose}`;
  if (there === undefined && defined.some((resource) => resource.kind === kind && resource.id === id))
    return `${id} is defined by pantheros itself: ${choose}`;
  return null;
}

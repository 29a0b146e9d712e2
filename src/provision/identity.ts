import { StepError } from "../model/run/outcome.ts";
import { hashOf } from "./hash.ts";
import { type Body, type Kind, nameOf, type RemoteResource } from "./resource.ts";

/** What a remote resource carries to say that it is ours. */
export interface Mark {
  readonly stack: string;
  readonly id: string;
  /** Hash of the normal form that was applied last; null: none that this version understands. */
  readonly applied: string | null;
  /** Who provisions the stack, where they have a name. @default null */
  readonly installation?: string | null;
}

/** How a kind of resource carries its mark. */
export interface Identity {
  readonly read: (body: Body) => Mark | null;
  readonly write: (body: Body, mark: Mark) => Body;
  /** Without the part of the mark that changes with every application. */
  readonly strip: (body: Body) => Body;
  /** Without the mark: as it was before it was ours. */
  readonly remove: (body: Body) => Body;
}

export interface Owned extends RemoteResource {
  readonly mark: Mark;
  /** It does not carry the mark yet: the next sync writes it. */
  readonly isAdopted?: true;
}

const names = {
  stack: "pantheros_stack",
  id: "pantheros_id",
  installation: "pantheros_installation",
  applied: "pantheros_applied",
} as const;
const owner = "managed_by:pantheros";
/** Grows when hashes of equal bodies change, so that an upgrade is not taken for somebody's edit. */
const version = "v1.";

/** For kinds with tags of their own. */
export const byTags: Identity = {
  read: (body) => markIn(tagsOf(body)),
  write: (body, mark) => {
    const others = tagsOf(body).filter((tag) => !isMarkOf(tag));
    return { ...body, tags: [...others, ...wordsOf(mark)] };
  },
  strip: (body) => ({ ...body, tags: tagsOf(body).filter((tag) => !tag.startsWith(`${names.applied}:`)) }),
  remove: (body) => {
    const { tags } = body;
    if (!Array.isArray(tags)) return body;
    return { ...body, tags: tags.filter((tag) => typeof tag !== "string" || !isMarkOf(tag)) };
  },
};

/** For kinds without tags: the last line of a text. @param field where people read it */
export function byLastLine(field: string): Identity {
  const linesOf = (body: Body) => {
    const value = body[field];
    return typeof value === "string" ? value.split("\n") : [];
  };
  // Somebody may have written below it.
  const markLine = (lines: readonly string[]) => lines.findLastIndex((line) => line.startsWith(`${owner} `));
  const markOf = (lines: readonly string[]) => markIn(lines[markLine(lines)]?.split(/\s+/) ?? []);
  const withLast = (body: Body, words: readonly string[]) => {
    const lines = linesOf(body);
    const marked = markLine(lines);
    const kept = lines
      .filter((_, index) => index !== marked)
      .join("\n")
      .trimEnd();
    return { ...body, [field]: [...(kept === "" ? [] : [kept, ""]), words.join(" ")].join("\n").trimEnd() };
  };
  return {
    read: (body) => markOf(linesOf(body)),
    write: (body, mark) => withLast(body, wordsOf(mark)),
    strip: (body) => {
      const mark = markOf(linesOf(body));
      return mark === null ? body : withLast(body, wordsOf({ ...mark, applied: null }));
    },
    remove: (body) => (markOf(linesOf(body)) === null ? body : withLast(body, [])),
  };
}

/** Hash of what is applied, as marks carry it. */
export function appliedHash(normal: Body): string {
  return `${version}${hashOf(normal)}`;
}

/**
 * Those of a stack, by their ids.
 * @throws StepError `config` when two carry one id, or when they belong to several organisations
 */
export function ownedBy(
  stack: string,
  remote: readonly RemoteResource[],
  identityOf: (kind: Kind) => Identity,
): ReadonlyMap<string, Owned> {
  const owned = new Map<string, Owned>();
  for (const resource of remote) {
    const mark = identityOf(resource.kind).read(resource.body);
    if (mark === null || mark.stack !== stack) continue;
    const key = nameOf({ kind: resource.kind, id: mark.id });
    const twin = owned.get(key);
    if (twin !== undefined) throw twins(key, twin, resource);
    owned.set(key, { ...resource, mark });
  }
  refuseStrangers([...owned.values()]);
  return owned;
}

function twins(key: string, first: RemoteResource, second: RemoteResource): StepError {
  const message = `two resources say that they are ${key}: ${first.remoteId} and ${second.remoteId}`;
  return new StepError("config", message, {
    advice: `one is a copy: remove its ${names.stack} and ${names.id} (tags, or the last line of its description), or delete it; nothing has been changed`,
  });
}

function refuseStrangers(owned: readonly Owned[]): void {
  const organizations = [...new Set(owned.map(({ body }) => body["org_id"]).filter((id) => id !== undefined))];
  if (organizations.length <= 1) return;
  throw new StepError(
    "config",
    `resources with our tags belong to several organisations: ${organizations.join(", ")}`,
    {
      advice: "use keys of the organisation that this stack is for, or remove our tags from the other's resources",
    },
  );
}

function tagsOf(body: Body): readonly string[] {
  const { tags } = body;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [];
}

/** Of every id and stack that we ever write. */
const plain = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

function markIn(words: readonly string[]): Mark | null {
  const after = (name: string) => words.find((word) => word.startsWith(`${name}:`))?.slice(name.length + 1) ?? null;
  const [stack, id, applied] = [after(names.stack), after(names.id), after(names.applied)];
  if (!words.includes(owner) || stack === null || id === null) return null;
  // Whoever may edit it there writes what stands here: no id of ours is a path or a sequence for a terminal.
  if (![stack, id].every((name) => plain.test(name))) return null;
  const installation = after(names.installation);
  return {
    stack,
    id,
    ...(installation === null ? {} : { installation }),
    applied: applied?.startsWith(version) ? applied : null,
  };
}

function wordsOf({ stack, id, installation = null, applied }: Mark): readonly string[] {
  return [
    owner,
    `${names.stack}:${stack}`,
    `${names.id}:${id}`,
    ...(installation === null ? [] : [`${names.installation}:${installation}`]),
    ...(applied === null ? [] : [`${names.applied}:${applied}`]),
  ];
}

/** Whether a tag is a part of a mark. */
function isMarkOf(word: string): boolean {
  return word === owner || Object.values(names).some((name) => word.startsWith(`${name}:`));
}

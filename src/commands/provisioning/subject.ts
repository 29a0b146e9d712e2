import type { Stack } from "../../model/alert/stack.ts";
import type { ImportedKind } from "../../provision/import/importable.ts";
import { type Kind, kinds, type Resource } from "../../provision/resource.ts";

/** What a command provisions: `pantheros monitors`, `pantheros dashboards`. */
export interface Subject {
  /** The command's name, which is what messages call all of them. */
  readonly word: string;
  readonly kinds: readonly Kind[];
  /** The one of them that can be imported. */
  readonly imports: ImportedKind;
  /** Everything that is defined. */
  readonly resources: (stack: Stack) => readonly Resource[];
}

/** `1 monitor`, `3 monitors`. */
export function counted(count: number, { word }: Pick<Subject, "word">): string {
  return `${count} ${count === 1 ? word.replace(/s$/, "") : word}`;
}

/** `42 monitors and 2 SLOs`: a command may provision several kinds. */
export function countedByKind(resources: readonly Pick<Resource, "kind">[]): string {
  const parts = kinds.flatMap((kind) => {
    const count = resources.filter((resource) => resource.kind === kind).length;
    return count === 0 ? [] : [`${count} ${kind === "slo" ? "SLO" : kind}${count === 1 ? "" : "s"}`];
  });
  return parts.join(" and ") || "nothing";
}

import type { Stack } from "../../model/alert/stack.ts";
import type { Kind, Resource } from "../../provision/resource.ts";

/** What a command provisions: `pantheros monitors`, `pantheros dashboards`. */
export interface Subject {
  /** The command's name, which is what messages call all of them. */
  readonly word: string;
  readonly kinds: readonly Kind[];
  /** Everything that is defined. */
  readonly resources: (stack: Stack) => readonly Resource[];
}

import type { Body, Kind, RemoteResource } from "./resource.ts";

/** Where resources are provisioned: what plan, apply and prune need of it. */
export interface Target {
  /** Looks at the keys. @throws StepError `auth` */
  readonly check: () => Promise<void>;
  /**
   * Everything of a kind that carries the tags of a stack.
   * @throws StepError when it cannot be read completely: half a listing would make duplicates
   */
  readonly list: (kind: Kind, stack: string) => Promise<readonly RemoteResource[]>;
  /**
   * Those of a kind that have one of these titles, whoever owns them; of a body only the title and what a mark would be in are promised.
   * @throws StepError when it cannot be read completely
   */
  readonly titled: (kind: Kind, titles: ReadonlySet<string>) => Promise<readonly RemoteResource[]>;
  /** One, whoever owns it; null: it is not there. */
  readonly find: (kind: Kind, remoteId: string) => Promise<RemoteResource | null>;
  /** Whether the server has a check for bodies of this kind; for others `validate` only looks at what can be sent. */
  readonly checks: (kind: Kind) => boolean;
  /** Asks the server without writing anything. @returns what it objects to */
  readonly validate: (kind: Kind, body: Body, remoteId: string | null) => Promise<readonly string[]>;
  /**
   * Makes one, or finds the one that an attempt without an answer has made.
   * @param id its own id, by which it is looked for
   */
  readonly create: (
    kind: Kind,
    body: Body,
    mark: { readonly stack: string; readonly id: string },
  ) => Promise<RemoteResource>;
  readonly update: (kind: Kind, remoteId: string, body: Body) => Promise<RemoteResource>;
  /** @returns those that nothing else needs, and why the others cannot go */
  readonly removable: (kind: Kind, remoteIds: readonly string[]) => Promise<ReadonlyMap<string, string | null>>;
  /** Gone already is as good. */
  readonly remove: (kind: Kind, remoteId: string) => Promise<void>;
}

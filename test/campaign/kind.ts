import type { Chance } from "./random.ts";
import type { Scope } from "./scope.ts";
import type { Subject } from "./subject.ts";

/** What a kind of fault works on: everything it makes lies in TMPDIR and is undone with the scope. */
export interface Ground {
  readonly subject: Subject;
  readonly scope: Scope;
}

/** What one try did. */
export interface Attack {
  /** Its line of the table, a few words: `pantheros, at a point of its journal`. */
  readonly fault: string;
  /** The instant, for the person who wants to see it again: `finishRun:inside`, `after 214 ms`. */
  readonly at: string;
  /** Processes that were really killed. */
  readonly kills: number;
}

/** A promise that did not hold, or a fault that could not be made. */
export class Broken extends Error {
  override readonly name = "Broken";
  readonly attack: Attack;

  constructor(attack: Attack, message: string, cause?: unknown) {
    super(message, { cause });
    this.attack = attack;
  }
}

/** @throws Broken */
export type Try = (number: number, chance: Chance) => Promise<Attack>;

/** One kind of fault: one file in `kinds/` and one line in `kinds/index.ts`. */
export interface Kind {
  readonly name: string;
  /** What it does, one line. */
  readonly summary: string;
  /** Why it cannot be tried on this machine; null: it can. */
  readonly missing: () => string | null;
  /** How many tries a campaign of so many kills makes of it. */
  readonly tries: (kills: number) => number;
  /** How many of them share a world, one after the other. */
  readonly perWorld: number;
  /** It waits more than it works: it is tried beside the others. */
  readonly waits?: boolean;
  readonly open: (ground: Ground, first: number) => Promise<Try>;
}

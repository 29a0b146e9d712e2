import assert from "node:assert/strict";
import { after, before, it } from "node:test";
import { compilerErrors } from "../support/compiler-errors.ts";

/** What a person might write, and what the compiler says about it; null: nothing, it is right. */
export type Attempts = Readonly<Record<string, readonly [code: string, error: RegExp | null]>>;

/** A test for each attempt; all of them are compiled once. @param imports before each of them */
export function itCompilesAs(attempts: Attempts, imports: string): void {
  const clean: (() => void)[] = [];
  let errors: ReadonlyMap<string, string> = new Map();
  after(() => {
    for (const fn of clean) fn();
  });
  before(() => {
    const codes = Object.entries(attempts).map(([name, [code]]) => [name, imports + code] as const);
    errors = compilerErrors({ after: (fn) => clean.push(fn as () => void) }, new Map(codes));
  });

  for (const [name, [, error]] of Object.entries(attempts)) {
    it(name, () => {
      if (error === null) assert.equal(errors.get(name), "");
      else assert.match(errors.get(name) ?? "", error);
    });
  }
}

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, it } from "node:test";
import ts from "typescript";
import { temporaryDirectory } from "./directory.ts";

const root = join(import.meta.dirname, "../..");

/**
 * Compiles pieces of code as the project's own, each in a file of its own.
 * @param codes by what they are called
 * @returns what the compiler says about each; empty: nothing
 */
export function compilerErrors(
  t: Parameters<typeof temporaryDirectory>[0],
  codes: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const directory = temporaryDirectory(t);
  const files = [...codes].map(([name, code], index) => {
    const path = join(directory, `attempt-${index}.mts`);
    writeFileSync(path, code);
    return { name, path };
  });
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    files.map(({ path }) => path),
    {
      ...options,
      types: [],
      // The pieces lie elsewhere than what they import.
      rewriteRelativeImportExtensions: false,
      noUnusedParameters: false,
      noUnusedLocals: false,
    },
  );
  return new Map(
    files.map(({ name, path }) => {
      const found = program.getSemanticDiagnostics(program.getSourceFile(path));
      return [name, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")).join("\n")];
    }),
  );
}

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

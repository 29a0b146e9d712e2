import { writeFileSync } from "node:fs";
import { join } from "node:path";
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

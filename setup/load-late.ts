/**
 * Of Node's own modules those that Node itself has not loaded yet and that few starts use: each costs a start 2 ms (fs/promises) to 6 ms
 * (crypto), where bare Node takes 35 ms.
 */
const seldomUsed = ["crypto", "fs/promises", "v8", "zlib"];
/** What esbuild makes of `import process from "node:process"`, as execa's files write it: each time a copy of 100 properties, all in all 2 ms. */
const copied = /[\w$]+\((require\("node:process"\))\)/g;

/** At the end of the chunk, where they move nothing that the source map knows. */
const helpers = {
  loadLate: "function loadLate(load) { return new Proxy({}, { get: (_, key) => load()[key] }); }",
  withDefault: "function withDefault(exports) { return Object.create(exports, { default: { value: exports } }); }",
};

/**
 * Has a chunk load them when something of theirs is first used, and not when the chunk is loaded; and has it take node:process as it is.
 * @param code CommonJS, made of `import { … } from "node:…"`: what it needs is looked up in the module each time
 * @param chunks file names of other chunks that are to be loaded as late
 */
export function loadLate(code: string, chunks: Iterable<string> = []): string {
  const late = [...seldomUsed.map((name) => `node:${name}`), ...[...chunks].map((name) => `./${name}`)];
  const required = new RegExp(
    `(?<=[=,]\\s*)require\\("(${late.map((name) => name.replaceAll(".", "\\.")).join("|")})"\\)`,
    "g",
  );
  const rewritten = code.replaceAll(required, 'loadLate(() => require("$1"))').replaceAll(copied, "withDefault($1)");
  const needed = Object.entries(helpers).filter(([name]) => rewritten.includes(`${name}(`));
  return [rewritten.trimEnd(), ...needed.map(([, text]) => text), ""].join("\n");
}

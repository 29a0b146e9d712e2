/**
 * Of Node's own modules those that Node itself has not loaded yet and that few starts use: each costs a start 2 ms (fs/promises) to 6 ms
 * (crypto), where bare Node takes 35 ms.
 */
const seldomUsed = ["crypto", "fs/promises", "v8", "zlib"];
const required = new RegExp(`(?<=[=,]\\s*)require\\("node:(${seldomUsed.join("|")})"\\)`, "g");

/**
 * Has a chunk load them when something of theirs is first used, and not when the chunk is loaded.
 * @param code CommonJS, made of `import { … } from "node:…"`: what it needs is looked up in the module each time. A default import, which
 * copies the whole module, stays as it is
 */
export function loadLate(code: string): string {
  const rewritten = code.replaceAll(required, 'loadLate("node:$1")');
  if (rewritten === code) return code;
  // At the end, where it moves nothing that the source map knows.
  return `${rewritten.trimEnd()}\nfunction loadLate(name) { return new Proxy({}, { get: (_, key) => require(name)[key] }); }\n`;
}

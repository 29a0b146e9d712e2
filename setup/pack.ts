/** One file of the bundle, CommonJS. */
export interface Chunk {
  readonly code: string;
  /** Source map version 3, JSON. */
  readonly map: string;
}

/**
 * Puts chunks into one file, each as a function that is called when it is first required: what is always loaded together is found, read and
 * looked up in the compile cache once. Whoever requires one of them gets it from there.
 * @param chunks all of them, by file name; they require each other as `./NAME`
 * @param together the names of those that belong together
 * @param name of their common file
 */
export function pack(
  chunks: ReadonlyMap<string, Chunk>,
  together: ReadonlySet<string>,
  name: string,
): ReadonlyMap<string, Chunk> {
  const packed = new Map<string, Chunk>();
  const lines = ['"use strict";', "const chunks = {"];
  const sections: object[] = [];
  for (const [file, { code, map }] of chunks) {
    if (!together.has(file)) {
      packed.set(file, { code: rewired(code, together, name), map });
      continue;
    }
    // In parentheses: V8 compiles it with the file, so that its code is in the compile cache, and not when it is called.
    lines.push(`${JSON.stringify(`./${file}`)}: (function (module, exports, require) {`);
    sections.push({ offset: { line: lines.length, column: 0 }, map: JSON.parse(map) });
    lines.push(...code.trimEnd().split("\n"), "}),");
  }
  // Node reads the sections of a map only where it has a list of sources beside them.
  return packed.set(name, {
    code: [...lines, "};", loader].join("\n"),
    map: JSON.stringify({ version: 3, sources: [], sections }),
  });
}

/** As Node's own: a chunk that is required while it is still being loaded is given as far as it is. */
const loader = `const loaded = {};
const load = (name) => {
  if (!(name in chunks)) return require(name);
  if (!(name in loaded)) chunks[name](loaded[name] = { exports: {} }, loaded[name].exports, load);
  return loaded[name].exports;
};
module.exports = load;
`;

function rewired(code: string, together: ReadonlySet<string>, name: string): string {
  return code.replaceAll(/\brequire\("\.\/([^"]+)"\)/g, (call, file) =>
    together.has(file) ? `require("./${name}")("./${file}")` : call,
  );
}

/** Compiles `src/` to `dist/` for publishing; why it is bundled: docs/decisions/0001-bundled-distribution.md. */
import { createHash } from "node:crypto";
import { chmodSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { build, type Metafile, type OutputFile, type Plugin, transform } from "esbuild";
import manifest from "../package.json" with { type: "json" };
import { loadLate } from "./load-late.ts";
import { type Chunk, pack } from "./pack.ts";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** With every panel Grafana's SDK brings builders of a second schema, which nothing here writes: two thirds of its code. */
const oneGrafanaSchema: Plugin = {
  name: "one-grafana-schema",
  setup: ({ onLoad }) => {
    const second = /grafana-foundation-sdk\/dist\/(dashboardv2.*|.*\/(visualization|query)(V2)?Builder\.gen)\.js$/;
    onLoad({ filter: second }, () => ({ contents: "" }));
  },
};

/** Other for any other code: by it, a build knows what it has remembered. */
const id = createHash("sha256");
for (const file of globSync(["src/**/*.ts", "package-lock.json"], { cwd: root }).sort())
  id.update(readFileSync(join(root, file)));

const small = { minify: true, keepNames: false, platform: "node", target: "node22" } as const;

const { outputFiles, metafile } = await build({
  ...small,
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  // Every command is imported dynamically and becomes a chunk of its own: a command loads what it needs.
  splitting: true,
  chunkNames: "[name]-[hash]",
  bundle: true,
  // Only modules can be split; `toCommonJs` makes of them what starts faster.
  format: "esm",
  // What is installed beside the bundle stays outside of it; everything else is a development dependency and goes in.
  external: [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)],
  // The same code as modules instead of CommonJS: esbuild joins them, and 60 files less are evaluated at every start.
  alias: { yaml: join(root, "node_modules/yaml/browser/dist/index.js") },
  define: {
    "process.env.PANTHEROS_BUILD": JSON.stringify(id.digest("hex").slice(0, 16)),
    // What CommonJS calls it.
    "import.meta.dirname": "__dirname",
  },
  plugins: [oneGrafanaSchema],
  sourcemap: "inline",
  sourcesContent: false,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  write: false,
}).catch(() => process.exit(1));
const late = usedLate(metafile);
const chunks = new Map(await Promise.all(outputFiles.map(toCommonJs)));
// Only now: a build that fails has said why, and leaves the last good one alone.
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
const { first, run } = loadedByRun(metafile);
for (const [name, { code, map }] of pack(pack(chunks, run, "run.js"), first, "first.js")) {
  writeFileSync(join(dist, name), `${code}//# sourceMappingURL=${name}.map\n`);
  writeFileSync(join(dist, `${name}.map`), map);
}
writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n');
chmodSync(join(dist, "main.js"), 0o755);
writeFileSync(join(dist, "LICENSES.txt"), licenses(Object.keys(metafile.inputs)));

/**
 * Node loads CommonJS with less ado: importing one of its own modules by `import` evaluates everything that it exports lazily.
 * Why that matters: docs/decisions/0001-bundled-distribution.md.
 */
async function toCommonJs({ path, text }: OutputFile): Promise<[name: string, Chunk]> {
  const { code, map } = await transform(text, {
    ...small,
    format: "cjs",
    // What is imported when it is needed is required when it is needed.
    supported: { "dynamic-import": false },
    tsconfigRaw: { compilerOptions: { alwaysStrict: true } },
    legalComments: "none",
    sourcemap: "external",
    sourcesContent: false,
    sourcefile: relative(dist, path),
  });
  return [basename(path), { code: loadLate(code, late), map }];
}

/**
 * What is loaded together: `first`, what `src/main.ts` itself needs, before the compile cache is there; `run`, what every run loads, besides the
 * files that are its runners' own.
 */
function loadedByRun({ outputs }: Metafile): Readonly<Record<"first" | "run", ReadonlySet<string>>> {
  // By their ends: packages may lie behind a link.
  const entry = (end: string) => {
    const found = Object.keys(outputs).find((path) => outputs[path]?.entryPoint?.endsWith(end));
    if (found === undefined) throw new Error(`${end} is not a file of its own any more: say what a run loads instead`);
    return found;
  };
  const closure = (...ends: readonly string[]) => {
    const found = new Set(ends.map(entry));
    // Grows while it is walked through.
    for (const path of found)
      for (const { path: imported, kind, external } of outputs[path]?.imports ?? [])
        if (kind === "import-statement" && external !== true) found.add(imported);
    return [...found].map((path) => basename(path));
  };
  const first = closure("src/main.ts");
  // What the smallest runner is made of, all of them are; and nearly every host has one of restic's.
  const always = closure(
    ...["src/commands/start.ts", "src/commands/run.ts", "node_modules/execa/index.js"],
    ...["src/runners/command.ts", "src/runners/backup-restic.ts"],
  );
  return {
    first: new Set(first.filter((name) => name !== "main.js")),
    run: new Set(always.filter((name) => !first.includes(name) && !late.has(name))),
  };
}

/**
 * The files of zod, and of the schemas that all others are made of: a run of a configuration that was checked before uses none of them before
 * the program that it runs is at work.
 */
function usedLate({ outputs }: Metafile): ReadonlySet<string> {
  const isLate = (input: string) => /(?:node_modules\/zod\/.*|^src\/config\/(?:scalars|retention)\.ts)$/.test(input);
  const used = Object.entries(outputs).filter(([, { inputs }]) => {
    const own = Object.keys(inputs).filter((input) => (inputs[input]?.bytesInOutput ?? 0) > 0);
    return own.length > 0 && own.every(isLate);
  });
  if (used.length === 0)
    throw new Error("zod does not lie in files of its own any more: say what is loaded late instead");
  return new Set(used.map(([path]) => basename(path)));
}

/** The licences of the packages that were bundled: they ask to be kept with every copy. */
function licenses(inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
  return [...folders]
    .sort()
    .map((folder) => {
      const files = readdirSync(join(root, folder)).filter((file) => /^licen[cs]e/i.test(file));
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
      const text = files.map((file) => readFileSync(join(root, folder, file), "utf8").trim()).join("\n\n");
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}

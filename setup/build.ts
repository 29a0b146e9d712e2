/** Compiles `src/` to `dist/` for publishing; why it is bundled: docs/decisions/0001-bundled-distribution.md. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

const { outputFiles, metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/main.ts"],
  outdir: "dist",
  // Every command is imported dynamically and becomes a chunk of its own: a command loads what it needs.
  splitting: true,
  chunkNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22",
  // What is installed beside the bundle stays outside of it; everything else is a development dependency and goes in.
  external: [...Object.keys(manifest.dependencies), ...Object.keys(manifest.optionalDependencies)],
  // Bundled CommonJS asks for Node's own modules, and hot-shots for unix-dgram, by `require`.
  banner: {
    js: 'import{createRequire as bundleRequire}from"node:module";const require=bundleRequire(import.meta.url);',
  },
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
  write: false,
}).catch(() => process.exit(1));
// Only now: a build that fails has said why, and leaves the last good one alone.
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const file of outputFiles) writeFileSync(file.path, file.contents);
chmodSync(join(dist, "main.js"), 0o755);
writeFileSync(join(dist, "LICENSES.txt"), licenses(Object.keys(metafile.inputs)));

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

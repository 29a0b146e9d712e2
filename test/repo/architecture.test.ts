import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { temporaryDirectory } from "../support/directory.ts";

const root = join(import.meta.dirname, "../..");
const rulesFile = ".dependency-cruiser.cjs";

const second = "model config tools ledger outputs";
const third = `${second} runners collectors operations`;
const fifth = `${third} engine`;
/** What each folder of src/ may import besides itself: the table of ARCHITECTURE.md, written a second time on purpose. */
const allowed: Readonly<Record<string, string>> = {
  model: "",
  config: "model",
  tools: "model",
  ledger: "model",
  outputs: "model",
  runners: second,
  collectors: second,
  operations: second,
  engine: third,
  http: fifth,
  provision: fifth,
  render: fifth,
  commands: `${fifth} http provision render`,
};
const folders = Object.keys(allowed);

/** Where each package lives, and a place where it does not belong. */
const homes: Readonly<Record<string, { readonly home: string; readonly elsewhere: string }>> = {
  execa: { home: "src/tools/exec.ts", elsewhere: "src/tools/other-execa.ts" },
  "@aws-sdk/client-s3": { home: "src/tools/s3/s3.ts", elsewhere: "src/runners/other-s3.ts" },
  "@grafana/grafana-foundation-sdk": {
    home: "src/provision/grafana/dashboards.ts",
    elsewhere: "src/commands/other-grafana.ts",
  },
  "@datadog/datadog-api-client": {
    home: "src/provision/targets/datadog.ts",
    elsewhere: "src/commands/other-datadog.ts",
  },
  "better-sqlite3": { home: "src/ledger/sqlite.ts", elsewhere: "src/ledger/other-sqlite.ts" },
  "prom-client": { home: "src/outputs/prometheus.ts", elsewhere: "src/outputs/other-prometheus.ts" },
  "hot-shots": { home: "src/outputs/dogstatsd.ts", elsewhere: "src/outputs/other-dogstatsd.ts" },
  express: { home: "src/http/server.ts", elsewhere: "src/commands/other-express.ts" },
  croner: { home: "src/model/time/schedule.ts", elsewhere: "src/model/time/other-croner.ts" },
  yaml: { home: "src/config/load.ts", elsewhere: "src/commands/other-yaml.ts" },
};

/** Files that break one rule each, or are the nearest thing to it that is allowed (no rule). */
const others: readonly { readonly file: string; readonly imports: string; readonly rules: readonly string[] }[] = [
  { file: "src/tools/other-child.ts", imports: "node:child_process", rules: ["home-child_process"] },
  { file: "src/model/one.ts", imports: "./two.ts", rules: ["no-circular"] },
  // The other half of the circle, which is reported once.
  { file: "src/model/two.ts", imports: "./one.ts", rules: [] },
  { file: "src/model/nowhere.ts", imports: "./does-not-exist.ts", rules: ["not-resolvable"] },
  { file: "src/model/tested.ts", imports: "../../test/place.ts", rules: ["no-tests-in-product"] },
  { file: "dashboards/measured.ts", imports: "../bench/place.ts", rules: ["no-tests-in-product"] },
  { file: "monitors/knowing.ts", imports: "../src/config/place.ts", rules: ["definitions-import-model-only"] },
  { file: "dashboards/knowing.ts", imports: "../src/outputs/place.ts", rules: ["definitions-import-model-only"] },
  { file: "src/provision/rendered.ts", imports: "yaml", rules: [] },
  { file: "monitors/modest.ts", imports: "../src/model/place.ts", rules: [] },
  { file: "test/tested.ts", imports: "../src/commands/place.ts", rules: [] },
];

describe("the rules of the architecture bite", () => {
  const clean: (() => void)[] = [];
  let broken: ReadonlyMap<string, readonly string[]> = new Map();
  const rulesBrokenBy = (file: string) => broken.get(file) ?? [];

  before(() => {
    broken = cruise(plant(temporaryDirectory({ after: (fn) => clean.push(fn as () => void) })));
  });
  after(() => {
    for (const fn of clean) fn();
  });

  for (const folder of folders) {
    it(`src/${folder} imports ${allowed[folder] || "nothing but itself"}`, () => {
      for (const other of folders.filter((name) => name !== folder)) {
        const rules = allowed[folder]?.split(" ").includes(other) ? [] : [`direction-${folder}`];
        assert.deepEqual(rulesBrokenBy(`src/${folder}/imports-${other}.ts`), rules, `${folder} → ${other}`);
      }
      assert.deepEqual(rulesBrokenBy(`src/${folder}/imports-main.ts`), [`direction-${folder}`], `${folder} → main`);
    });
  }

  for (const [name, { home, elsewhere }] of Object.entries(homes)) {
    it(`${name} is imported in its home ${home} and nowhere else`, () => {
      assert.deepEqual(rulesBrokenBy(home), []);
      assert.deepEqual(rulesBrokenBy(elsewhere), [homeRule(name)]);
    });
  }

  for (const { file, imports, rules } of others) {
    it(`${file} importing ${imports} breaks ${rules.join(", ") || "no rule"}`, () => {
      assert.deepEqual(rulesBrokenBy(file), rules);
    });
  }

  it("every rule there is has an example here", () => {
    const { forbidden }: { forbidden: readonly { readonly name: string }[] } = createRequire(import.meta.url)(
      join(root, rulesFile),
    );
    const shown = new Set([
      ...folders.map((folder) => `direction-${folder}`),
      ...Object.keys(homes).map(homeRule),
      ...others.flatMap(({ rules }) => rules),
    ]);
    assert.deepEqual(
      forbidden.map((rule) => rule.name).filter((name) => !shown.has(name)),
      [],
    );
  });
});

function homeRule(name: string): string {
  return `home-${name.replace(/[@/]/g, "-")}`;
}

/** Writes a tree of the project's shape, with the project's own rules and packages that are empty. */
function plant(tree: string): string {
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), text);
  };
  const importing = (specifier: string) => `import * as place from "${specifier}";\nexport const used = place;\n`;
  for (const place of ["src/main.ts", "test/place.ts", "bench/place.ts", ...folders.map((f) => `src/${f}/place.ts`)]) {
    write(place, "export const place = 1;\n");
  }
  for (const folder of folders) {
    write(`src/${folder}/imports-main.ts`, importing("../main.ts"));
    for (const other of folders) {
      if (other !== folder) write(`src/${folder}/imports-${other}.ts`, importing(`../${other}/place.ts`));
    }
  }
  for (const [name, { home, elsewhere }] of Object.entries(homes)) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: "index.js" }));
    write(`node_modules/${name}/index.js`, "exports.place = 1;\n");
    write(home, importing(name));
    write(elsewhere, importing(name));
  }
  for (const { file, imports } of others) write(file, importing(imports));
  for (const file of [rulesFile, "tsconfig.json"]) cpSync(join(root, file), join(tree, file));
  return tree;
}

/** Runs the tool as `npm run check` does. @returns the rules that each file breaks */
function cruise(tree: string): Map<string, string[]> {
  const bin = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = [bin, "--config", rulesFile, "--output-type", "json", "src", "test", "monitors", "dashboards"];
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: tree,
    encoding: "utf8",
    timeout: 120_000,
    maxBuffer: 256 * 1024 * 1024,
  });
  assert.ok(stdout.startsWith("{"), stderr);
  const found = new Map<string, string[]>();
  const { summary }: { summary: { violations: { from: string; rule: { name: string } }[] } } = JSON.parse(stdout);
  for (const { from, rule } of summary.violations) found.set(from, [...(found.get(from) ?? []), rule.name]);
  return found;
}

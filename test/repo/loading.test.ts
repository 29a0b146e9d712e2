import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { runnerNames } from "../../src/runners/index.ts";
import { temporaryDirectory } from "../support/directory.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const packages = [manifest.dependencies, manifest.optionalDependencies, manifest.devDependencies].flatMap(Object.keys);

/** Writes down every module that Node loads, whoever asks for it and however. */
const hook = `
  import { appendFileSync } from "node:fs";
  import { getCompileCacheDir, registerHooks } from "node:module";
  process.on("exit", () => appendFileSync(process.env.LOADED, "compile cache: " + getCompileCacheDir() + "\\n"));
  registerHooks({
    load(url, context, next) {
      appendFileSync(process.env.LOADED, url + "\\n");
      return next(url, context);
    },
  });
`;

/** What a command loads that is called for the first time. */
const loadedBy = (t: TestContext, ...args: readonly string[]) => loadedAtLast(t, 1, args);

/**
 * Calls the command from its sources so often.
 * @returns of the last time: which of our packages it loaded, whether it loaded a file whose URL holds `part`, and where its compiled code is kept
 */
function loadedAtLast(t: TestContext, times: number, args: readonly string[], build?: string) {
  const directory = temporaryDirectory(t);
  const [state, list] = [join(directory, "state"), join(directory, "loaded")];
  const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
  writeFileSync(join(directory, "hook.mjs"), hook);
  writeFileSync(join(directory, "pantheros.yaml"), `host: here\nstate_directory: ${state}\njobs: { idle: ${job} }\n`);
  for (let time = 1; time <= times; time += 1) {
    writeFileSync(list, "");
    execFileSync(process.execPath, ["--import", join(directory, "hook.mjs"), main, ...args], {
      cwd: directory,
      // As a build of its own, which nothing else has remembered anything for.
      env: {
        ...process.env,
        LOADED: list,
        RUNTIME_DIRECTORY: directory,
        PANTHEROS_BUILD: build ?? basename(directory),
      },
      stdio: "pipe",
      timeout: 60_000,
    });
  }
  const urls = readFileSync(list, "utf8").split("\n");
  const has = (part: string) => urls.some((url) => url.includes(part));
  const cache = urls.find((line) => line.startsWith("compile cache: "));
  return { cache, packages: packages.filter((name) => has(`/node_modules/${name}/`)).sort(), has };
}

/** What a start costs is decided by what it loads: each command pays for what it uses and for nothing else. */
describe("a command loads what it needs", () => {
  it("--help and --version: no package at all", (t) => {
    assert.deepEqual(loadedBy(t, "--help").packages, []);
    assert.deepEqual(loadedBy(t, "--version").packages, []);
  });

  it("run: of the runners, those that its configuration uses", (t) => {
    const loaded = loadedBy(t, "run", "idle");
    assert.deepEqual(
      runnerNames.filter((uses) => loaded.has(`/src/runners/${uses.replaceAll(".", "-")}.ts`)),
      ["command"],
    );
    assert.equal(loaded.has("node:crypto"), false);
  });

  it("run: neither the S3 client nor an HTTP server nor what renders or sends metrics", (t) => {
    const loaded = loadedBy(t, "run", "idle");
    assert.deepEqual(loaded.packages, ["better-sqlite3", "croner", "execa", "yaml", "zod"]);
    assert.equal(loaded.has("/src/commands/run.ts"), true);
    assert.equal(loaded.has("/src/commands/serve"), false);
    assert.equal(loaded.has("/src/http/"), false);
  });

  it("run, of a configuration that was checked before: nothing that reads or checks one", (t) => {
    const loaded = loadedAtLast(t, 2, ["run", "idle"]);
    assert.deepEqual(loaded.packages, ["better-sqlite3", "execa", "zod"]);
    assert.equal(loaded.has("/src/config/schema.ts"), false);
  });

  it("status: nothing that starts programs", (t) => {
    assert.deepEqual(loadedBy(t, "status").packages, ["better-sqlite3", "croner", "yaml", "zod"]);
  });

  it("dashboards: Grafana's SDK for Grafana alone, and Datadog's client for neither", (t) => {
    const render = ["dashboards", "render", "objectives", "--stack", "hosts", "--format"];
    assert.deepEqual(loadedBy(t, ...render, "datadog").packages, ["croner", "yaml", "zod"]);
    assert.deepEqual(loadedBy(t, ...render, "grafana").packages, [
      "@grafana/grafana-foundation-sdk",
      "croner",
      "yaml",
      "zod",
    ]);
  });

  it("what one has compiled is there for the others of the same build, and for no other build", (t) => {
    const [first, ...others] = [["--help"], ["status"], ["run", "idle"]].map(
      (args) => loadedAtLast(t, 1, args, "loading-test").cache,
    );
    assert.match(first ?? "", /^compile cache: .*\bloading-test\b/);
    assert.deepEqual(others, [first, first]);
    assert.notEqual(loadedAtLast(t, 1, ["--help"], "loading-test-2").cache, first);
  });

  it("metrics: what renders the page besides", (t) => {
    assert.deepEqual(loadedBy(t, "metrics").packages, ["better-sqlite3", "croner", "prom-client", "yaml", "zod"]);
  });
});

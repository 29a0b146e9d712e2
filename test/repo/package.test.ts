import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { cacheFolder } from "../../src/commands/cache.ts";
import { runnerNames } from "../../src/runners/index.ts";
import { temporaryDirectory } from "../support/directory.ts";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

describe("the published package, installed elsewhere", { timeout: 300_000 }, () => {
  const clean: (() => void)[] = [];
  const scratch = () => temporaryDirectory({ after: (fn) => clean.push(fn as () => void) });
  let elsewhere = "";

  const npm = (directory: string, ...args: string[]) =>
    execFileSync("npm", [...args, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: directory,
      encoding: "utf8",
      timeout: 240_000,
    });
  const pantherosWith = (more: NodeJS.ProcessEnv, ...args: string[]) =>
    spawnSync(join(elsewhere, "node_modules/.bin/pantheros"), args, {
      cwd: elsewhere,
      encoding: "utf8",
      timeout: 60_000,
      env: { ...environment(), ...more },
    });
  const pantheros = (...args: string[]) => pantherosWith({}, ...args);
  const environment = () => ({
    PATH: process.env["PATH"],
    HOME: elsewhere,
    XDG_CACHE_HOME: join(elsewhere, "cache"),
    PANTHEROS_DEBUG: "1",
  });

  before(() => {
    // Given a copy of the sources, so that packing (which builds) does not replace the dist/ that other tests are running.
    const tree = scratch();
    for (const name of [
      "src",
      "setup",
      "monitors",
      "dashboards",
      "docs",
      "package.json",
      "tsconfig.json",
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
    ]) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(tree, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    elsewhere = scratch();
    npm(tree, "pack", "--pack-destination", elsewhere);
    writeFileSync(join(elsewhere, "package.json"), '{ "private": true }\n');
    // No script of any package runs: nothing that is published may depend on one.
    npm(elsewhere, "install", "--omit=dev", "--ignore-scripts", `./pantheros-${version}.tgz`);
  });
  after(() => {
    for (const fn of clean) fn();
  });

  it("says its version and how it is used", () => {
    const said = pantheros("--version");
    assert.deepEqual(
      [said.status, said.stdout, said.stderr],
      [
        0,
        `${version}
`,
        "",
      ],
    );
    const help = pantheros("--help");
    assert.equal(help.status, 0, help.stderr);
    for (const command of ["run", "status", "doctor", "init"])
      assert.match(help.stdout, new RegExp(`^ +${command} `, "m"));
  });

  it("checks a configuration, and refuses a wrong one with exit code 2", () => {
    const state = join(elsewhere, "state");
    mkdirSync(state, { recursive: true });
    const file = join(elsewhere, "pantheros.yaml");
    writeFileSync(file, `host: somewhere\nstate_directory: ${state}\njobs: {}\n`);
    const good = pantheros("config", "check", "--config", file);
    assert.equal(good.status, 0, good.stderr + good.stdout);
    writeFileSync(file, "host: somewhere\njobz: {}\n");
    const wrong = pantheros("config", "check", "--config", file);
    assert.equal(wrong.status, 2, wrong.stderr + wrong.stdout);
    assert.match(wrong.stderr + wrong.stdout, /jobz/);
  });

  it("runs a job and remembers it: the native package of the ledger works from here", () => {
    const file = join(elsewhere, "job.yaml");
    const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
    writeFileSync(file, `host: somewhere\nstate_directory: ${join(elsewhere, "journal")}\njobs: { greet: ${job} }\n`);
    const run = pantheros("run", "greet", "--config", file);
    assert.equal(run.status, 0, run.stderr + run.stdout);
    const runs = pantheros("runs", "--config", file, "--json");
    assert.equal(runs.status, 0, runs.stderr);
    assert.match(runs.stdout, /"greet"/);
  });

  it("brings of zod what is used of it: whoever takes it as a whole makes every start longer", () => {
    const { size } = statSync(join(elsewhere, "node_modules/pantheros/dist/run.js"));
    assert.ok(size < 500_000, `${size} bytes: import functions of zod/v4/core, never its namespace as a value`);
  });

  it("has loaded three files of its own when the program of a job is started, whatever else it will need", () => {
    const [file, list, hook] = ["early.yaml", "early", "early.cjs"].map((name) => join(elsewhere, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      hook,
      `const { ChildProcess } = require("child_process");
       const spawn = ChildProcess.prototype.spawn;
       ChildProcess.prototype.spawn = function (...args) {
         require("fs").writeFileSync(${JSON.stringify(list)}, Object.keys(require.cache).join("\\n"));
         return spawn.apply(this, args);
       };`,
    );
    const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
    writeFileSync(
      file,
      `host: somewhere\nstate_directory: ${join(elsewhere, "early-state")}\njobs: { greet: ${job} }\n`,
    );
    // The first time the configuration is checked; the second time what was compiled is kept already.
    for (const more of [{}, {}, { NODE_OPTIONS: `--require ${hook}` }]) {
      const { status, stderr } = pantherosWith(more, "run", "greet", "--config", file);
      assert.equal(status, 0, stderr);
    }
    const own = readFileSync(list, "utf8")
      .split("\n")
      .filter((path) => path.includes("/pantheros/dist/"));
    assert.deepEqual(own.map((path) => basename(path)).sort(), ["first.js", "main.js", "run.js"]);
  });

  it("makes no schema when the files of runners are loaded, only when one is asked for", () => {
    const dist = join(elsewhere, "node_modules/pantheros/dist");
    const names = readdirSync(dist);
    const zod = names.find(
      (name) => name.endsWith(".js") && readFileSync(join(dist, name), "utf8").includes('"ZodError"'),
    );
    const files = names.filter((name) =>
      runnerNames.some(
        (uses) => name.endsWith(".js") && name.slice(0, -"-12345678.js".length) === uses.replace(".", "-"),
      ),
    );
    // Two lie in run.js.
    assert.equal(files.length, runnerNames.length - 2);
    const script = `for (const name of ${JSON.stringify(["run.js", ...files])}) require("./" + name); console.log(Object.keys(require.cache).join("\\n"))`;
    const loaded = execFileSync(process.execPath, ["-e", script], { cwd: dist, encoding: "utf8" });
    assert.ok(zod !== undefined && !loaded.includes(zod), zod);
  });

  it("keeps what a run has compiled, and does without where that is damaged", () => {
    const file = join(elsewhere, "kept.yaml");
    const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
    writeFileSync(file, `host: somewhere\nstate_directory: ${join(elsewhere, "kept")}\njobs: { greet: ${job} }\n`);
    const greet = () => {
      const { status, stderr } = pantheros("run", "greet", "--config", file);
      assert.equal(status, 0, stderr);
    };
    greet();
    const first = readFileSync(join(elsewhere, "node_modules/pantheros/dist/first.js"), "utf8");
    const builds = join(cacheFolder(environment()), "compile");
    const own = readdirSync(builds).filter((name) => /^[0-9a-f]{16}-/.test(name) && first.includes(name.slice(0, 16)));
    assert.equal(own.length, 1, `${own} of ${readdirSync(builds)}`);
    const place = join(builds, own[0] as string, "run.compiled");
    const kept = statSync(place).ino;
    greet();
    assert.equal(statSync(place).ino, kept);
    writeFileSync(place, "nothing that V8 could read");
    greet();
    assert.ok(statSync(place).size > 100_000);
  });

  it("loads of Node's own modules none that a job does not use", () => {
    const [file, list, hook] = ["lean.yaml", "loaded", "hook.cjs"].map((name) => join(elsewhere, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(
      hook,
      `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(list)}, process.moduleLoadList.join("\\n")))`,
    );
    const job = "{ steps: [{ uses: command, argv: [/bin/true] }] }";
    writeFileSync(file, `host: somewhere\nstate_directory: ${join(elsewhere, "lean")}\njobs: { greet: ${job} }\n`);
    // The first time it is checked, and then remembered.
    for (const more of [{}, { NODE_OPTIONS: `--require ${hook}` }]) {
      const { status, stderr } = pantherosWith(more, "run", "greet", "--config", file);
      assert.equal(status, 0, stderr);
    }
    const loaded = readFileSync(list, "utf8").split("\n");
    assert.equal(loaded.includes("NativeModule child_process"), true);
    assert.deepEqual(
      ["crypto", "v8", "http", "https", "tls"].filter((name) => loaded.includes(`NativeModule ${name}`)),
      [],
    );
  });

  it("does what the configuration says now, although it remembers what it said when it was last checked", () => {
    const file = join(elsewhere, "changing.yaml");
    const write = (program: string) =>
      writeFileSync(
        file,
        `host: somewhere\nstate_directory: ${join(elsewhere, "changing")}\njobs: { greet: { steps: [{ uses: command, argv: [${program}] }] } }\n`,
      );
    const cache = cacheFolder(environment());
    const isRemembered = () =>
      readdirSync(cache).some(
        (name) => name.startsWith("configuration-") && readFileSync(join(cache, name), "utf8").includes(file),
      );
    write("/bin/true");
    for (const time of ["checked", "remembered"]) {
      const { status, stderr } = pantheros("run", "greet", "--config", file);
      assert.equal(status, 0, `${time}: ${stderr}`);
      assert.equal(isRemembered(), true, time);
    }
    write("/bin/false");
    assert.equal(pantheros("run", "greet", "--config", file).status, 1);
  });

  it("renders dashboards: of Grafana's SDK nothing is missing that they need", () => {
    const file = join(elsewhere, "watched.yaml");
    writeFileSync(file, "host: somewhere\n");
    const { status, stdout, stderr } = pantheros(
      ...["dashboards", "render", "--stack", "hosts", "--json", "--config", file],
    );
    assert.equal(status, 0, stderr);
    const { dashboards }: { dashboards: { id: string; text: string }[] } = JSON.parse(stdout);
    for (const { id, text } of dashboards)
      assert.equal(text, readFileSync(join(root, `dashboards/generated/grafana/hosts/${id}.json`), "utf8"), id);
  });

  it("brings its licences, and neither sources nor tests", () => {
    const installed = join(elsewhere, "node_modules/pantheros");
    assert.match(readFileSync(join(installed, "dist/LICENSES.txt"), "utf8"), /^zod \d/m);
    const names = readdirSync(installed).filter((name) => name !== "node_modules");
    assert.deepEqual(
      names.filter((name) => /^(src|test|setup|bench)$/.test(name)),
      [],
    );
    // What is bundled is not installed a second time.
    assert.deepEqual(
      ["zod", "execa", "yaml", "croner", "hot-shots", "esbuild"].filter((name) =>
        existsSync(join(elsewhere, "node_modules", name)),
      ),
      [],
    );
  });
});

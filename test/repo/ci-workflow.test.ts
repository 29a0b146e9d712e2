import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { type FakeDatadog, startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { runToEnd } from "../support/process.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "examples/ci/github-actions.yaml"), "utf8");

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly if?: string;
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
const workflow: {
  readonly permissions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
} = parse(text);

const missing = ["bash", "git", "jq", "promtool", "amtool"].filter((program) => onPath(program) === null);
const skip = missing.length === 0 ? false : `missing here: ${missing.join(", ")}`;

/** A runner of GitHub as far as the workflow needs one: a checkout, programs, secrets, and comments and issues in files. */
interface Runner {
  readonly fake: FakeDatadog;
  readonly checkout: string;
  /** Runs every `run:` of a job, each by a shell of its own as GitHub does. @returns the exit code of the one that failed, else 0 */
  readonly job: (name: string) => Promise<{ readonly code: number; readonly output: string }>;
  readonly write: (file: string, content: string) => void;
  readonly comments: () => readonly { readonly body: string }[];
  readonly issues: () => readonly { readonly title: string; readonly state: string; readonly body: string }[];
  /** What a job has written for who looks at its run. */
  readonly summary: () => string;
}

async function runner(t: TestContext, options: { readonly keys?: boolean } = {}): Promise<Runner> {
  const fake = await startFakeDatadog(t);
  const directory = temporaryDirectory(t);
  const [checkout, programs, github] = ["checkout", "programs", "github"].map((name) => join(directory, name)) as [
    ...[string, string, string],
  ];
  for (const folder of [checkout, programs, github]) mkdirSync(folder);
  const program = (name: string, script: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, name), 0o755);
  };
  program("pantheros", `exec "${process.execPath}" "${join(root, "src/main.ts")}" "$@"`);
  program("npm", ":");
  program("sudo", ":");
  program("gh", `exec "${process.execPath}" "${join(root, "test/support/github-cli.ts")}" "$@"`);
  const write = (file: string, content: string) => writeFileSync(join(checkout, file), content);
  write("pantheros.yaml", `host: ci\nprovisioning: { stacks: { hosts: {} }, datadog: { url: "${fake.url}" } }\n`);
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", checkout, "-c", "user.name=t", "-c", "user.email=t@example.org", ...words]);
  git("init", "--quiet");
  const { keys = true } = options;
  const secrets: Readonly<Record<string, string>> = {
    ...(keys ? { "secrets.DD_API_KEY": "api", "secrets.DD_APP_KEY": "app", "secrets.DD_APP_KEY_READ": "app" } : {}),
    ...{ "github.token": "token", "github.repository": "us/alerts", "github.event.number": "17" },
  };
  const filled = (env: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(env).map(([name, value]) => [
        name,
        String(value).replaceAll(/\$\{\{\s*(\S+)\s*\}\}/g, (_, expression: string) => secrets[expression] ?? ""),
      ]),
    );
  const environment = {
    PATH: `${programs}:${[onPath("promtool"), onPath("amtool")].map((path) => dirname(path ?? "")).join(":")}:${process.env["PATH"]}`,
    HOME: directory,
    GITHUB_FOLDER: github,
    GITHUB_STEP_SUMMARY: join(github, "summary.md"),
    ...filled(workflow.env),
  };
  const shell = (script: string, environment: Readonly<Record<string, string>>) =>
    runToEnd(t, ["bash", "-e", "-c", script], { directory: checkout, environment });
  const told = (kind: string) =>
    existsSync(join(github, `${kind}.json`)) ? JSON.parse(readFileSync(join(github, `${kind}.json`), "utf8")) : [];
  return {
    fake,
    checkout,
    write,
    comments: () => told("comments"),
    issues: () => told("issues"),
    summary: () => readFileSync(join(github, "summary.md"), "utf8"),
    async job(name) {
      let output = "";
      for (const { run, env } of workflow.jobs[name]?.steps ?? []) {
        if (run === undefined) continue;
        const ended = await shell(run, { ...environment, ...filled(env) });
        output += ended.output;
        if (ended.code !== 0) return { code: ended.code, output };
      }
      // A checkout is a new one for each job: what it has left behind is gone.
      for (const file of readdirSync(checkout)) if (file.endsWith(".md")) execFileSync("rm", [join(checkout, file)]);
      return { code: 0, output };
    },
  };
}

describe("the workflow for GitHub", () => {
  it("gives no job more rights than it needs, and keys only to the steps that ask Datadog", () => {
    const { jobs } = workflow;
    assert.deepEqual(workflow.permissions, { contents: "read" });
    const granted = Object.fromEntries(Object.entries(jobs).map(([name, { permissions }]) => [name, permissions]));
    assert.deepEqual(granted, {
      rules: undefined,
      plan: { contents: "read", "pull-requests": "write" },
      sync: undefined,
      drift: { contents: "read", issues: "write" },
    });
    assert.doesNotMatch(JSON.stringify(workflow.env), /secrets/);
    const keyed = Object.entries(jobs).flatMap(([name, { steps }]) =>
      steps.filter(({ env }) => JSON.stringify(env ?? {}).includes("secrets.")).map((step) => `${name}: ${step.name}`),
    );
    assert.deepEqual(keyed, ["plan: plan", "sync: sync", "drift: look"]);
    const writing = Object.entries(jobs).filter(([, job]) => /secrets\.DD_APP_KEY\b(?!_)/.test(JSON.stringify(job)));
    assert.deepEqual(
      writing.map(([name, { environment, needs }]) => [name, environment, needs]),
      [["sync", "datadog", "rules"]],
    );
  });

  it("makes no plan for forks, which get no secrets", () => {
    assert.match(String(workflow.jobs["plan"]?.if), /head\.repo\.full_name == github\.repository$/);
  });

  it("installs the version of this package", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.equal(workflow.env["PANTHEROS_VERSION"], version);
  });
});

describe("the workflow for GitHub, step by step", { skip }, () => {
  it("rules: fails until they are committed as they are rendered", async (t) => {
    const { job, checkout } = await runner(t);
    const first = await job("rules");
    assert.equal(first.code, 1, first.output);
    assert.match(first.output, /SUCCESS: \d+ rules found/);
    assert.match(first.output, /\+groups:/, "what is missing is shown");
    execFileSync("git", ["-C", checkout, "add", "rules"]);
    const second = await job("rules");
    assert.equal(second.code, 0, second.output);
  });

  it("plan: comments once for each push, and the next push updates the comments", async (t) => {
    const { fake, job, comments, write, summary } = await runner(t);
    assert.deepEqual([(await job("plan")).code, comments().length], [0, 2]);
    assert.match(summary(), /^### Metadata of metrics\n```\nMetrics: \d+ not reported yet\./);
    assert.match(comments()[0]?.body ?? "", /^### pantheros monitors: hosts on .*\n\n\*\*Plan: \d+ to create\.\*\*/);
    assert.match(comments()[1]?.body ?? "", /^### pantheros dashboards: hosts on /);
    assert.equal(fake.monitors.all().length, 0, "a plan writes nothing");
    write(
      "pantheros.yaml",
      `host: ci\nprovisioning: { stacks: { hosts: { routes: { email: [ops@example.org] } } }, datadog: { url: "${fake.url}" } }\n`,
    );
    assert.equal((await job("plan")).code, 0);
    assert.equal(comments().length, 2);
    assert.match(comments()[0]?.body ?? "", /@ops@example\.org/);
  });

  it("plan: fails without keys, and says which", async (t) => {
    const { job, comments } = await runner(t, { keys: false });
    const { code, output } = await job("plan");
    assert.deepEqual([code, comments().length], [1, 0]);
    assert.match(output, /there are no keys in DD_API_KEY and DD_APP_KEY/);
  });

  it("sync, then drift: one issue for as long as something was edited by hand", async (t) => {
    const { fake, job, issues } = await runner(t);
    const synced = await job("sync");
    assert.equal(synced.code, 0, synced.output);
    assert.ok(fake.monitors.all().length > 10 && fake.dashboards.all().length > 3);

    assert.deepEqual([(await job("drift")).code, issues()], [0, []], "nothing is different, nobody is told");
    const [monitor] = fake.monitors.all();
    fake.monitors.edit(monitor?.["id"] as number, (it) => Object.assign(it, { message: "by hand" }));
    for (let day = 0; day < 2; day += 1) {
      const drifted = await job("drift");
      assert.equal(drifted.code, 0, drifted.output);
      const [issue, ...others] = issues();
      assert.deepEqual([others.length, issue?.state], [0, "open"]);
      assert.equal(issue?.title, "pantheros: monitors of hosts differ from their definitions");
      assert.match(issue?.body ?? "", /edited in Datadog/);
    }
    await job("sync");
    assert.equal((await job("drift")).code, 0);
    assert.deepEqual(
      issues().map(({ state }) => state),
      ["closed"],
    );
  });
});

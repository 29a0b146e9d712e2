import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError } from "../../src/config/problems.ts";
import { load } from "./sample.ts";

const withHook = (hook: string) =>
  `host: here\nsubvolumes: { docs: { path: /a, snapshots: /b } }\njobs:\n  home:\n    hooks:\n      - ${hook}\n    steps: [{ id: snap, uses: sample.snapshot, subvolume: docs }]\n`;

function problemsOf(hook: string) {
  try {
    load(withHook(hook));
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
  throw new Error("it was accepted");
}

describe("the hooks of a job", () => {
  it("need nothing but a URL; what is left out is said", () => {
    const { config } = load(withHook("{ url: { file: /etc/pantheros/ping }, style: healthchecks }"));
    assert.deepEqual(config.jobs["home"]?.hooks, [
      {
        url: { file: "/etc/pantheros/ping" },
        style: "healthchecks",
        on: ["start", "success", "partial", "failed"],
        headers: {},
        answer_within: 10,
        attempts: 3,
      },
    ]);
  });

  for (const [what, hook, path, message] of [
    ["another scheme", "{ url: 'ftp://example.org/' }", "url", /must be a URL that begins with http/],
    ["an event that does not exist", "{ url: 'https://e.org', on: [finished] }", "on[0]", /must be start, success/],
    ["a step", "{ url: 'https://e.org/${snap.path}' }", "url", /a hook cannot refer to the step "snap"/],
    [
      "a field that a run does not have",
      "{ url: 'https://e.org', body: '${run.resaon}' }",
      "body",
      /no field "resaon"/,
    ],
    ["a reference that is none", "{ url: 'https://e.org', body: '${run' }", "body", /is not a reference/],
    ["waiting for minutes", "{ url: 'https://e.org', answer_within: 5m }", "answer_within", /at most 60s/],
    ["a header of two lines", '{ url: "https://e.org", headers: { X: "a\\nb" } }', "headers.X", /must be one line/],
  ] as const) {
    it(`refuse ${what}`, () => {
      const [problem, ...more] = problemsOf(hook);
      assert.deepEqual(more, []);
      assert.equal(problem?.path, `jobs.home.hooks[0].${path}`);
      assert.match(problem?.message ?? "", message);
    });
  }

  for (const [what, hook] of [
    ["a URL", "{ url: 'https://me:hunter2@example.org/' }"],
    ["Authorization", "{ url: 'https://e.org', headers: { Authorization: Bearer hunter2 } }"],
    ["a header that sounds like one", "{ url: 'https://e.org', headers: { X-Api-Key: hunter2 } }"],
  ] as const) {
    it(`refuse a literal secret in ${what}, and do not repeat it`, () => {
      const problems = problemsOf(hook);
      assert.deepEqual(
        problems.map(({ message }) => message),
        ["a literal secret is refused"],
      );
      assert.doesNotMatch(JSON.stringify(problems), /hunter2/);
    });
  }
});

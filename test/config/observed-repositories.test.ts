import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { backupRestic } from "../../src/runners/backup-restic.ts";
import { load, problemsOf } from "./sample.ts";

const options = { runners: [backupRestic] };
const text = (repository: string) => `host: hub
repositories: { alice: ${repository} }
jobs:
  j: { steps: [{ uses: backup.restic, repository: alice, from: /x }] }
objectives:
  data: { repositories: [alice] }
`;

describe("a repository that is declared without a password", () => {
  it("is refused before anything runs when a step works with it", () => {
    assert.deepEqual(problemsOf(text("{ repository: /r }"), options), [
      '2:17 repositories.alice.password: is required: jobs.j.steps[0].repository works with "alice" (add password: {file: /path}; without one a repository is only observed)',
    ]);
  });

  it("is fit for an objective, which only looks", () => {
    const { config } = load(
      'host: hub\nrepositories: { alice: { repository: "rest:https://x/" } }\nobjectives: { data: { repositories: [alice] } }\n',
      options,
    );
    assert.equal(config.repositories["alice"]?.password, undefined);
  });

  it("needs nothing more than its password to be worked with", () => {
    load(text("{ repository: /r, password: { file: /p } }"), options);
  });
});

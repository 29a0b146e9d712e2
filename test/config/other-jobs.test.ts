import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkConfigFor, readConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problems.ts";
import { command } from "../../src/runners/command.ts";

const wanted = "  wanted: { steps: [{ uses: command, argv: [/bin/true] }] }";
const load = (jobs: readonly string[], rest = "") =>
  checkConfigFor(
    "wanted",
    readConfig("pantheros.yaml", `host: there\njobs:\n${[wanted, ...jobs].join("\n")}\n${rest}`),
    {
      runners: [command],
    },
  );

describe("the configuration for one job", () => {
  const mistakes = {
    "an unknown key": "  other: { steps: [{ uses: command, argv: [/bin/true], colour: red }] }",
    "an unknown runner": "  other: { steps: [{ uses: nothing.known }] }",
    "no steps": "  other: { schedule: 0 3 * * * }",
    "a schedule that never fires": "  other: { schedule: 0 0 31 2 *, steps: [{ uses: command, argv: [/bin/true] }] }",
    "a reference to a job that does not exist":
      "  other: { after: [nobody], steps: [{ uses: command, argv: [/bin/true] }] }",
    "nothing in it": "  other:",
    "a key twice": "  other: { steps: [{ uses: command, argv: [/bin/true], argv: [/bin/false] }] }",
  };
  for (const [mistake, other] of Object.entries(mistakes))
    it(`goes without another job that has ${mistake}`, () => {
      const { loaded, leftOut } = load([other]);
      assert.deepEqual(
        [Object.keys(loaded.config.jobs), [...loaded.steps.keys()], [...leftOut.keys()]],
        [["wanted"], ["wanted"], ["other"]],
      );
      assert.deepEqual(loaded.config.jobs["wanted"]?.steps[0]?.["argv"], ["/bin/true"]);
    });

  it("keeps the jobs that are right, and what is said of those that are left out", () => {
    const objectives = "objectives: { data: { jobs: [other, wanted], rpo: 1d } }\n";
    const right = "  right: { after: [other], steps: [{ uses: command, argv: [/bin/true] }] }";
    const { loaded, leftOut } = load([mistakes["no steps"], right], objectives);
    assert.deepEqual([Object.keys(loaded.config.jobs), [...leftOut]], [["wanted", "right"], [["other", []]]]);
    assert.deepEqual(loaded.config.objectives["data"]?.jobs, ["other", "wanted"]);
  });

  it("goes without a job that the wanted one comes after, and says after which the others come", () => {
    const comesAfter = (first: string) =>
      `  wanted: { after: [${first}], steps: [{ uses: command, argv: [/bin/true] }] }`;
    const text = (...jobs: string[]) => readConfig("pantheros.yaml", `host: there\njobs:\n${jobs.join("\n")}\n`);
    const between = "  between: { after: [other], steps: [{ uses: command, argv: [/bin/true] }] }";
    for (const written of [
      text(comesAfter("other"), mistakes["no steps"]),
      text(comesAfter("between"), between, mistakes["no steps"]),
    ])
      assert.deepEqual([...checkConfigFor("wanted", written, { runners: [command] }).leftOut.keys()], ["other"]);
    const follower = "  other: { after: [wanted, 7], steps: [] }";
    assert.deepEqual([...load([follower]).leftOut], [["other", ["wanted"]]]);
  });

  it("goes without a job whose name is none", () => {
    const { loaded, leftOut } = load(["  'B ad': { steps: [{ uses: command, argv: [/bin/true] }] }"]);
    assert.deepEqual([Object.keys(loaded.config.jobs), [...leftOut.keys()]], [["wanted"], ["B ad"]]);
  });

  it("leaves nothing out of a configuration without mistakes", () => {
    assert.equal(load([]).leftOut.size, 0);
  });

  const refused = {
    "also in the job itself": () =>
      checkConfigFor(
        "wanted",
        readConfig("pantheros.yaml", `host: there\njobs:\n  wanted: {}\n${mistakes["no steps"]}\n`),
        { runners: [command] },
      ),
    "also outside of the jobs": () => load([mistakes["no steps"]], "hots: there\n"),
    "in the text itself": () => load(['  other: "']),
    "in another job, and the wanted one is not there": () =>
      checkConfigFor("wanted", readConfig("pantheros.yaml", `host: there\njobs:\n${mistakes["no steps"]}\n`), {
        runners: [command],
      }),
  };
  for (const [where, attempt] of Object.entries(refused))
    it(`is refused whole, with every problem, when something is wrong ${where}`, () => {
      assert.throws(attempt, (error) => error instanceof ConfigError && error.problems.length > 0);
    });
});

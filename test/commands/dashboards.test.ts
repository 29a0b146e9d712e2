import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { dashboards } from "../../dashboards/index.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

const committed = (format: string, id: string) =>
  readFileSync(join(import.meta.dirname, `../../dashboards/generated/${format}/hosts/${id}.json`), "utf8");

function folder(t: TestContext) {
  const directory = temporaryDirectory(t);
  const call = (...words: string[]) => invoke(["dashboards", ...words], { directory });
  return { directory, render: (...words: string[]) => call("render", ...words), call };
}

describe("dashboards render", () => {
  it("prints the one that is named, as it is committed, for Grafana or Datadog", async (t) => {
    const { render } = folder(t);
    for (const format of ["grafana", "datadog"]) {
      const { code, stdout, stderr } = await render("host-overview", "--stack", "hosts", "--format", format);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.equal(stdout, committed(format, "host-overview"));
    }
  });

  it("writes all of them where Grafana can read them, and replaces its own", async (t) => {
    const { directory, render } = folder(t);
    for (let times = 0; times < 2; times += 1) {
      const { code, stdout, stderr } = await render("--stack", "hosts", "--output", "into/here");
      assert.deepEqual([code, stdout], [0, ""]);
      assert.equal(stderr.split("\n").length, dashboards.length + 1);
    }
    const files = readdirSync(join(directory, "into/here"));
    assert.deepEqual(files.sort(), dashboards.map(({ id }) => `${id}.json`).sort());
    for (const file of files) {
      assert.equal(statSync(join(directory, "into/here", file)).mode & 0o777, 0o644);
      assert.equal(readFileSync(join(directory, "into/here", file), "utf8"), committed("grafana", file.slice(0, -5)));
    }
  });

  it("replaces nothing that is somebody else's, nor the same dashboard of another stack", async (t) => {
    const { directory, render } = folder(t);
    const file = join(directory, "objectives.json");
    for (const theirs of ['{ "uid": "theirs" }\n', committed("grafana", "job-detail")]) {
      writeFileSync(file, theirs);
      const { code, stderr } = await render("objectives", "--stack", "hosts", "--output", ".");
      assert.equal(code, 2);
      assert.match(stderr, /objectives\.json is there and was not made by pantheros/);
      assert.equal(readFileSync(file, "utf8"), theirs);
    }
    await render("job-detail", "--stack", "hosts", "--output", ".", "--format", "datadog");
    const other = await render("job-detail", "--stack", "cluster", "--output", ".", "--format", "datadog");
    assert.equal(other.code, 2);
  });

  it("takes levels from the configuration", async (t) => {
    const { directory, render } = folder(t);
    const own = "host: here\nprovisioning: { stacks: { nas: { thresholds: { disk_usage: 70 } } } }\n";
    writeFileSync(join(directory, "pantheros.yaml"), own);
    const { stdout } = await render("host-overview");
    assert.match(stdout, /"uid": "pantheros-nas-host-overview"/);
    assert.match(stdout, /"value": 0\.7,/);
  });

  it("as JSON: one document, all of them, each as the text of its file", async (t) => {
    const { stdout } = await folder(t).render("--stack", "hosts", "--json");
    const document = JSON.parse(stdout);
    assert.deepEqual(
      [document.stack, document.format, document.dashboards.length],
      ["hosts", "grafana", dashboards.length],
    );
    assert.equal(document.dashboards[0].text, committed("grafana", document.dashboards[0].id));
  });

  for (const [about, words, message] of [
    [
      "an unknown dashboard",
      ["render", "hosts-overview", "--stack", "hosts"],
      /no dashboard "hosts-overview".*host-overview/s,
    ],
    [
      "an unknown format",
      ["render", "objectives", "--stack", "hosts", "--format", "grafanna"],
      /--format grafanna.*grafana/s,
    ],
    ["several to be printed", ["render", "--stack", "hosts"], /name one, or write all with --output/],
    ["no stack where there are several", ["render", "objectives"], /name one with --stack: hosts, cluster/],
    ["an unknown action", ["rendre"], /dashboards rendre.*render/s],
    [
      "a folder that is a file",
      ["render", "--stack", "hosts", "--output", "/dev/null"],
      /choose a folder that you may write/,
    ],
  ] as const) {
    it(`says what to do about ${about}`, async (t) => {
      const { directory, call } = folder(t);
      const { code, stdout, stderr } = await call(...words);
      assert.notEqual(code, 0);
      assert.equal(stdout, "");
      assert.match(stderr, message);
      assert.equal(existsSync(join(directory, "objectives.json")), false);
    });
  }
});

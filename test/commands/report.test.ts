import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

const now = Date.UTC(2026, 10, 21, 12);
const configuration = (folder: string) => `
host: testhost
state_directory: ${folder}
timezone: Europe/Berlin
repositories:
  main: { repository: /r, password: { file: /p }, offsite: true }
jobs:
  home:
    scheduler: external
    steps: [{ id: files, uses: backup.restic, repository: main, from: /srv }]
objectives:
  data: { jobs: [home], rpo: 26h, rto: 1h }
`;

function host(t: TestContext) {
  const folder = temporaryDirectory(t);
  const config = join(folder, "pantheros.yaml");
  writeFileSync(config, configuration(folder));
  const call = (...words: string[]) => invoke([...words, "--config", config], { directory: folder, now });
  return { folder, call };
}

/** A backup an hour ago. */
function backUp(folder: string): void {
  const ledger = openLedger(join(folder, "ledger.sqlite"), { mode: "write" });
  const startedAt = now - 3_600_000;
  const step = {
    position: 0,
    id: "files",
    uses: "backup.restic",
    kind: "backup",
    target: "main",
    optional: false,
  } as const;
  const holder = { bootId: "b", pid: 1, startTicks: 1 };
  ledger.startRun({ id: "r1", job: "home", trigger: "command", startedAt, deadlineAt: null, holder, steps: [step] });
  ledger.startStep("r1", 0, startedAt, []);
  ledger.finishStep("r1", 0, startedAt, {
    ...{
      outcome: "success",
      reason: null,
      message: null,
      attempts: 1,
      exitCode: 0,
      signal: null,
      bytes: 5,
      files: 1,
      tail: null,
    },
    evidence: { repository: "main", snapshot_id: "abcdef0123" },
  });
  ledger.finishRun("r1", { finishedAt: startedAt, outcome: "success", reason: null, message: null, increments: [] });
  ledger.close();
}

describe("pantheros report", () => {
  it("tells of the last month that is over, also before the first run", async (t) => {
    const { code, stdout } = await host(t).call("report");
    assert.equal(code, 0);
    assert.match(stdout, /^# Backups of testhost in October 2026\n/);
    assert.match(stdout, /the ledger holds no run of this month/);
  });

  it("prints one JSON document with --json, and nothing else", async (t) => {
    const { folder, call } = host(t);
    backUp(folder);
    const { stdout, stderr } = await call("report", "--month", "this", "--json");
    const parsed = JSON.parse(stdout);
    assert.deepEqual(
      [parsed.month, parsed.runs.length, parsed.runs[0].artifacts[0], stderr],
      ["2026-11", 1, "snapshot abcdef01 in main", ""],
    );
  });

  it("refuses a month that is malformed or has not begun, and says what to write", async (t) => {
    const { call } = host(t);
    for (const month of ["2026-13", "november", ""]) {
      const { code, stderr } = await call("report", "--month", month);
      assert.deepEqual([code, /write a year and a month, as in 2026-11/.test(stderr)], [2, true], month);
    }
    const { code, stderr } = await call("report", "--month", "2026-12");
    assert.equal(code, 2);
    assert.match(stderr, /2026-12 has not begun: it does at 2026-12-01 00:00 \(Europe\/Berlin\)/);
  });

  it("refuses formats that it does not know, or that contradict --json", async (t) => {
    const { call } = host(t);
    assert.match((await call("report", "--format", "htlm")).stderr, /did you mean "html"\?/);
    assert.match((await call("report", "--format", "html", "--json")).stderr, /contradict each other/);
  });

  it("writes a file whole, in the format of its name, and leaves nothing else behind", async (t) => {
    const { folder, call } = host(t);
    const { code, stdout, stderr } = await call("report", "--output", "month.html");
    assert.deepEqual([code, stdout], [0, ""]);
    assert.match(stderr, /wrote .*month\.html: 2026-10 as html, 0 runs/);
    assert.match(readFileSync(join(folder, "month.html"), "utf8"), /^<!doctype html>[\s\S]*<\/html>\n$/);
    assert.deepEqual(readdirSync(folder).toSorted(), ["month.html", "pantheros.yaml"]);
  });

  it("replaces a file that exists with --force only, and nothing that is no file", async (t) => {
    const { folder, call } = host(t);
    const file = join(folder, "month.md");
    writeFileSync(file, "mine");
    const refused = await call("report", "--output", file);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /exists already\n {2}→ to replace it: --force/);
    assert.equal(readFileSync(file, "utf8"), "mine");
    assert.equal((await call("report", "--output", file, "--force")).code, 0);
    assert.match(readFileSync(file, "utf8"), /^# Backups/);
    mkdirSync(join(folder, "folder"));
    symlinkSync(file, join(folder, "link"));
    for (const name of ["folder", "link"]) {
      const { code, stderr } = await call("report", "--output", name, "--force");
      assert.deepEqual([code, /is no regular file/.test(stderr)], [2, true], name);
    }
  });

  it("takes away what a killed report has left there, and nothing else", async (t) => {
    const { folder, call } = host(t);
    const long = new Date(now - 3_600_000);
    for (const [name, at] of [
      ["month.md.k3j9x2aa.part", long],
      ["month.md.zz.part", new Date(now)],
      ["month.md.letter.part.md", long],
      ["other.md.k3j9x2aa.part", long],
    ] as const) {
      writeFileSync(join(folder, name), "half");
      utimesSync(join(folder, name), at, at);
    }
    assert.equal((await call("report", "--output", "month.md")).code, 0);
    const parts = readdirSync(folder).filter((name) => name.includes(".part"));
    assert.deepEqual(parts.toSorted(), ["month.md.letter.part.md", "month.md.zz.part", "other.md.k3j9x2aa.part"]);
  });

  it("says where it cannot write", async (t) => {
    const { folder, call } = host(t);
    const { code, stderr } = await call("report", "--output", "missing/month.md");
    assert.equal(code, 2);
    assert.match(stderr, /missing\/month\.md cannot be written: ENOENT[\s\S]*choose a folder that you may write/);
    assert.equal(existsSync(join(folder, "missing")), false);
  });
});

describe("pantheros objectives", () => {
  it("ends with 3 while a promise is unknown, and says what would measure it", async (t) => {
    const { folder, call } = host(t);
    backUp(folder);
    const { code, stdout } = await call("objectives");
    assert.equal(code, 3);
    assert.match(stdout, /data +recovery point \(RPO\) +at most 1d 2h +1h +1h ago +holds/);
    assert.match(stdout, /recovery time \(RTO\) +at most 1h +unknown +none +unknown +no drill measures it/);
    assert.match(stdout, /^data, recovery time \(RTO\): no drill measures it\n {2}-> add a job with drill\.files/m);
  });

  it("shows the run, the artifact and the place of one data set", async (t) => {
    const { folder, call } = host(t);
    backUp(folder);
    const { stdout } = await call("objectives", "data");
    assert.match(stdout, /repository main +main +yes +unproven +nobody has looked at repository main yet/);
    assert.match(stdout, /home files +r1 +1h ago +snapshot abcdef01 in main +not yet/);
  });

  it("ends with 1 when a promise is broken", async (t) => {
    const { folder, call } = host(t);
    backUp(folder);
    const words = ["objectives", "--json", "--config", join(folder, "pantheros.yaml")];
    const { code, stdout } = await invoke(words, { now: now + 48 * 3_600_000 });
    assert.equal(code, 1);
    const { objectives } = JSON.parse(stdout);
    assert.deepEqual([objectives[0].verdict, objectives[0].judgements[0].measured], ["broken", 49 * 3600]);
    assert.equal((await call("objectives")).code, 3);
  });

  it("names what there is when the name is wrong", async (t) => {
    const { code, stderr } = await host(t).call("objectives", "dta");
    assert.deepEqual([code, /there is no objective "dta": did you mean "data"\?/.test(stderr)], [2, true]);
  });
});

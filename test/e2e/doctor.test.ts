import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { needs, postgresDirectory } from "../support/components.ts";
import { createHost, jobOf, type TestHost } from "./host.ts";
import { leaveLock, restic } from "./jobs.ts";

interface Finding {
  readonly what: string;
  readonly state: "ok" | "warning" | "problem";
  readonly found: string;
  readonly mend?: string;
}

async function findings(host: TestHost): Promise<{ readonly code: number | null; of: (what: string) => Finding[] }> {
  const { code, stdout } = await host.run(["doctor", "--json"]);
  const all: Finding[] = JSON.parse(stdout);
  return { code, of: (what) => all.filter((finding) => finding.what === what) };
}

describe("pantheros doctor", { timeout: 60_000 }, () => {
  it("opens repositories: a wrong password is a problem before the night", needs("restic"), async (t) => {
    const host = createHost(t);
    const sections = restic(host);
    host.configure(sections);
    const before = await findings(host);
    assert.match(before.of("repository main")[0]?.found ?? "", /not there yet: the first run creates it/);
    assert.equal(before.code, 0);

    assert.equal((await host.run(["run", "test"])).code, 0);
    assert.deepEqual(
      (await findings(host)).of("repository main").map(({ state, found }) => [state, found.split(" as ")[0]]),
      [
        ["ok", "opens with its password"],
        // Both are in the same temporary folder.
        ["warning", "lies on the same disk"],
      ],
    );

    writeFileSync(join(host.root, "password"), "another one\n");
    const wrong = await findings(host);
    const [found] = wrong.of("repository main");
    assert.deepEqual([wrong.code, found?.state], [1, "problem"]);
    assert.match(found?.found ?? "", /could not open the repository main: .*no key found/);
    assert.ok((found?.mend ?? "").length > 10);
  });

  it("finds the lock of a restic that is gone, which lets every run fail", needs("restic"), async (t) => {
    const host = createHost(t);
    await leaveLock(t, host);
    const { repositories, jobs } = restic(host);
    host.configure({ repositories, jobs });
    const { code, of } = await findings(host);
    const [locked] = of("repository main");
    assert.deepEqual([code, locked?.state], [1, "problem"]);
    assert.match(locked?.found ?? "", /process \d+ of this host is gone; until the lock is removed no run can save/);
    assert.equal(locked?.mend, `restic -r ${host.root}/repository -p ${host.root}/password unlock`);

    const steps = [{ uses: "restic.unlock", repository: "main" }];
    host.configure({ repositories, jobs: { ...jobs, unlock: jobOf(steps) } });
    const [later] = (await findings(host)).of("repository main");
    assert.equal(later?.state, "ok", "a step removes it");
  });

  it("asks databases whether they let us in", needs("restic", "postgres"), async (t) => {
    const host = createHost(t);
    const { repositories } = restic(host);
    const server = { host: host.root, programs: postgresDirectory() };
    const dump = { id: "dump", uses: "backup.postgres", repository: "main", database: "shop", server };
    host.configure({ repositories, jobs: { shop: jobOf([dump]) } });
    const { code, of } = await findings(host);
    const [step] = of("shop / dump");
    assert.deepEqual([code, step?.state], [1, "problem"]);
    assert.match(step?.found ?? "", /could not reach the server/);
  });

  it("says when nobody will start what only the engine starts", async (t) => {
    const host = createHost(t);
    const steps = [{ uses: "command", argv: ["true"] }];
    const schedule = "0 2 * * *";
    host.configure({ jobs: { night: { schedule, scheduler: "internal", steps } } });
    const [engine] = (await findings(host)).of("engine");
    assert.equal(engine?.state, "warning");
    assert.match(engine?.found ?? "", /nobody else starts night/);
    assert.match((await host.run(["status"])).stdout, /nobody starts night/);
    const said = (await host.run(["doctor"])).stdout;
    assert.match(
      said,
      /What to do:\n(?:.*\n)* {2}engine: none runs, and nobody else starts night.*\n {4}(?:→|->) start it/,
    );

    host.configure({ jobs: { night: jobOf(steps, { schedule }) } });
    assert.deepEqual((await findings(host)).of("engine"), [], "a timer of somebody else's starts it");

    host.configure({ jobs: { night: { schedule, scheduler: "internal", steps } } });
    const minutesAgo = (minutes: number) => Date.now() - minutes * 60_000;
    const ledger = openLedger(host.ledger, { mode: "write" });
    ledger.markAwake(minutesAgo(30), minutesAgo(20));
    assert.equal((await findings(host)).of("engine").length, 1, "one that has stopped starts nothing");
    ledger.markAwake(minutesAgo(20), minutesAgo(0));
    assert.deepEqual((await findings(host)).of("engine"), []);
    ledger.close();
  });
});

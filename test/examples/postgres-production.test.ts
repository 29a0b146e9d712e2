import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startPantheros } from "../support/command.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { eventually } from "../support/eventually.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { type RunningProcess, startProcess } from "../support/process.ts";
import { startS3 } from "../support/s3.ts";
import { placeExample } from "./place.ts";

const components = needs("postgres", "s3", "restic");

/** The host of seed 001: a database with trips, and a bucket. @param restic which one; @default the one on PATH */
async function stage(t: TestContext, restic?: string) {
  const postgres = await startPostgres(t);
  postgres.sql("CREATE ROLE obd2_user LOGIN CREATEDB PASSWORD 'Tr0ub4dor&3'");
  postgres.sql("CREATE DATABASE obd2_dashboard OWNER obd2_user");
  postgres.sql(
    "CREATE TABLE trips AS SELECT n AS id, md5(n::text) AS track FROM generate_series(1, 20000) AS n",
    "obd2_dashboard",
  );
  postgres.sql("ALTER TABLE trips OWNER TO obd2_user", "obd2_dashboard");
  const server = await startS3(t);
  await server.createBucket("obd2-dashboard-backups");
  const example = placeExample(t, "postgres-production/pantheros.yaml", {
    "host: 127.0.0.1,": `host: 127.0.0.1, port: ${postgres.port}, programs: ${postgres.programs},`,
    "https://s3.us-west-004.backblazeb2.com": server.endpoint,
    "    initialize: true": `    initialize: true${restic === undefined ? "" : `\n    restic: ${restic}`}`,
  });
  example.secret("restic-password", "correct horse battery staple");
  example.secret("b2-key-id", server.accessKeyId);
  example.secret("b2-application-key", server.secretAccessKey);
  example.secret("postgres-password", "Tr0ub4dor&3");
  const scratch = () => {
    const state = readdirSync(example.root).find((name) => name.startsWith("state-")) ?? "";
    const folders = readdirSync(join(example.root, state));
    return folders.includes("scratch") ? readdirSync(join(example.root, state, "scratch")) : [];
  };
  return { example, postgres, server, scratch };
}

/** Whoever reads the trips waits until this has ended: pg_dump too. */
async function holdTrips(t: TestContext, { host, port, user, programs, sql }: PostgresServer): Promise<RunningProcess> {
  const text = "BEGIN; LOCK TABLE trips IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(120)";
  const holder = await startProcess(t, [join(programs, "psql"), "-Xq", "-c", text], {
    environment: { PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: "obd2_dashboard" },
  });
  const held =
    "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock' AND relation = 'trips'::regclass";
  await eventually("the trips to be held", () => sql(held, "obd2_dashboard") !== "0");
  return holder;
}

describe("example postgres-production", { timeout: 280_000 }, () => {
  for (const { version, program } of resticPrograms()) {
    it(
      `restic ${version}: dump, forget, check and a drill that measures the recovery; nothing is left behind`,
      components,
      async (t) => {
        const { example, postgres, scratch } = await stage(t, program);
        await example.succeed("postgres");
        assert.deepEqual(scratch(), []);
        await example.succeed("postgres-check");
        await example.succeed("postgres-drill");
        assert.deepEqual(scratch(), []);
        assert.deepEqual(
          postgres.databases().filter((name) => name.startsWith("pantheros")),
          [],
        );
        const { drill } = await example.evidence("postgres-drill");
        assert.ok(Number(drill?.["rto_seconds"]) > 0);

        const { backups } = await example.status();
        assert.equal(backups.find(({ job }) => job === "postgres")?.proof?.state, "proven");
        const metrics = await example.metrics();
        const objective = '{host="production",objective="dashboard"}';
        assert.equal(metrics.get(`pantheros_objective_rto_promised_seconds${objective}`), 1800);
        assert.equal(metrics.get(`pantheros_objective_rto_actual_seconds${objective}`), drill?.["rto_seconds"]);
        assert.equal(metrics.get(`pantheros_objective_offsite_copies${objective}`), 1);

        // Everything that is promised is measured and holds: the budget too, by the card of its account.
        const { code, stdout } = await example.run(["objectives"]);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /^ +budget +at most \$5\.00 +\S+ +.* ago +holds +0 % of it used$/m);
        assert.match((await example.run(["cost"])).stdout, /Backblaze B2, rate of 2026-05-01: \$6\.95 per TB/);
        const report = await example.run(["report", "--month", "this"]);
        assert.match(report.stdout, /^\| recovery time \(RTO\) \| at most 30m \| .* \| \*\*✓ held\*\* \|/m);
      },
    );
  }

  it("a second run at the same time is skipped, locked", components, async (t) => {
    const { example, postgres, scratch } = await stage(t);
    // pg_dump waits for the table as long as somebody holds it.
    const holder = await holdTrips(t, postgres);
    const first = startPantheros(t, example.config, ["run", "postgres"], { seconds: 120 });
    await eventually("the first run to have its lock", async () => (await example.runs()).length === 1);
    const second = await example.run(["run", "postgres"]);
    assert.equal(second.code, 4);
    await holder.stop("SIGINT");
    assert.equal((await first.ended).code, 0);
    const [newest] = await example.runs();
    assert.deepEqual([newest?.outcome, newest?.reason], ["skipped", "locked"]);
    assert.deepEqual(scratch(), []);
  });

  it(
    "killed in the middle of the dump leaves no dump behind, and its true end in the journal",
    components,
    async (t) => {
      const { example, postgres, scratch } = await stage(t);
      const holder = await holdTrips(t, postgres);
      const run = startPantheros(t, example.config, ["run", "postgres"], { seconds: 120 });
      await eventually(
        "pg_dump to wait",
        () => postgres.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") !== "0",
      );
      run.kill("SIGKILL");
      await run.ended;
      await holder.stop("SIGINT");
      assert.equal((await example.run(["reconcile"])).code, 0);
      const [killed] = await example.runs();
      assert.deepEqual([killed?.outcome, killed?.reason], ["failed", "killed"]);
      assert.deepEqual(scratch(), []);
      await example.succeed("postgres");
    },
  );
});

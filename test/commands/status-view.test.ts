import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type StatusView, statusText } from "../../src/commands/status-view.ts";

const at = 1_000_000;
const nothing: StatusView = {
  ...{
    host: "h",
    at,
    jobs: [],
    keptAside: "",
    subjects: [],
    backups: [],
    anomalies: [],
    filesystems: [],
    problems: [],
  },
};
const job: StatusView["jobs"][number] = {
  ...{
    job: "home",
    running: null,
    lastRun: null,
    lastSuccessAt: null,
    consecutiveFailures: 0,
    nextRunAt: at + 3600,
    overdueSeconds: 0,
    overdueBy: "clock",
    unattended: false,
  },
};
const failed = {
  id: "r",
  outcome: "failed",
  reason: "network",
  message: "nobody answers – plug it in",
  finishedAt: at - 60,
} as const;

function show(view: Partial<StatusView>, columns?: number): string {
  return statusText(
    { ...nothing, ...view },
    { stdout: { isTTY: false, columns } as NodeJS.WriteStream, environment: { LANG: "C.UTF-8" } },
  );
}

describe("pantheros status", () => {
  it("never shows the last run as the last success", () => {
    const text = show({ jobs: [{ ...job, lastRun: failed, lastSuccessAt: at - 86_400 }] });
    assert.match(text, /home +failed\/network, 1m ago +1d ago +in 1h +nobody answers – plug it in/);
  });

  it("tells whole, however narrow the terminal is, why a job failed", () => {
    const message = "restic could not open the repository: nobody answers at the other end of the line – plug it in";
    const lastRun = { ...failed, message };
    const text = show({ jobs: [{ ...job, lastRun, consecutiveFailures: 12, lastSuccessAt: at - 86_400 }] }, 80);
    for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
    assert.ok(text.split(/\s+/).join(" ").includes(`home: ${message}`), text);
    assert.match(text, /failed\/network ×12, 1m ago/);
  });

  it("says how often in a row a job failed, and since when it is overdue", () => {
    assert.match(
      show({ jobs: [{ ...job, lastRun: failed, consecutiveFailures: 3, overdueSeconds: 7200 }] }),
      /failed\/network ×3.*never +overdue for 2h/,
    );
  });

  it("says of a laptop how long it was awake meanwhile, or that nobody knows", () => {
    const overdue = { ...job, overdueSeconds: 7200 };
    assert.match(show({ jobs: [{ ...overdue, overdueBy: "awake" }] }), /overdue for 2h awake/);
    assert.match(
      show({ jobs: [{ ...overdue, overdueBy: "unjournaled" }] }),
      /overdue for 2h by the clock: no engine journals when it sleeps/,
    );
  });

  it("says which filesystem is in trouble, and what to run", () => {
    const filesystems = [{ device: "/dev/sda\u001b[2J", troubles: ["1 of its devices missing", "97 % full"] }];
    assert.match(
      show({ filesystems }),
      /^filesystem \/dev\/sda\\x1b\[2J: 1 of its devices missing, 97 % full\n {2}→ pantheros disks$/,
    );
  });

  it("says what is unlike the history of a job, and in which run", () => {
    const sentence = "12.0 GiB, a seventh of what is usual (median of 30 runs 84.0 GiB)";
    const anomaly = { job: "home", target: "vault", kind: "size", ratio: 1 / 7, runId: "run-7", sentence } as const;
    assert.match(show({ anomalies: [anomaly] }), /home +vault +12\.0 GiB, a seventh of .* 84\.0 GiB\) +run-7/);
  });

  it("says never for what never happened, and unknown for what nobody has looked at", () => {
    const subject = {
      kind: "subvolume",
      name: "home",
      artifacts: null,
      newestAt: null,
      policy: "short",
      compliant: null,
      missing: null,
      excess: null,
      observedAt: null,
    } as const;
    const text = show({ jobs: [job], subjects: [subject] });
    assert.match(text, /home +never +never/);
    assert.match(text, /subvolume home +unknown +unknown +short: unknown +never: run pantheros collect/);
    assert.match(show({ subjects: [{ ...subject, artifacts: 0, observedAt: at - 5 }] }), /subvolume home +0 +never/);
  });

  it("says what is wrong with a retention", () => {
    const subject = {
      kind: "repository",
      name: "main",
      artifacts: 9,
      newestAt: at - 60,
      policy: "short",
      observedAt: at,
    } as const;
    assert.match(show({ subjects: [{ ...subject, compliant: true, missing: 0, excess: 0 }] }), /short: kept/);
    assert.match(
      show({ subjects: [{ ...subject, compliant: false, missing: 2, excess: 5 }] }),
      /short: 2 missing, 5 too many/,
    );
  });

  it("shows progress of a run that is alive, and what to do about one whose process is gone", () => {
    const running = { id: "r", since: at - 90, progress: 0.5, lost: false };
    assert.match(show({ jobs: [{ ...job, running }] }), /running for 1m 30s 50 %/);
    assert.match(
      show({ jobs: [{ ...job, running: { ...running, lost: true } }] }),
      /process gone: pantheros reconcile/,
    );
  });

  it("says of a run that is alive, or lost, nothing that was said of the one before", () => {
    for (const lost of [false, true]) {
      const running = { id: "r2", since: at - 90, progress: null, lost };
      assert.doesNotMatch(show({ jobs: [{ ...job, running, lastRun: failed }] }), /nobody answers/);
    }
  });

  it("says that nobody starts what only the engine would start, while none runs", () => {
    const text = show({ jobs: [{ ...job, unattended: true }] });
    assert.match(text, /home .* in 1h, by nobody/);
    assert.match(
      text,
      /nobody starts home: scheduler is internal, and no engine runs\n {2}→ as a service: pantheros up --help/,
    );
    assert.doesNotMatch(show({ jobs: [job] }), /nobody/);
  });

  it("contradicts a job whose backup nobody else can see", () => {
    const backup = { job: "home", target: "main", newestAt: at - 60, bytes: 2048 };
    const proved = (proof: StatusView["backups"][number]["proof"]) => show({ backups: [{ ...backup, proof }] });
    assert.match(proved({ state: "proven", why: "seen" }), /home +main +1m ago +2\.0 KiB +yes, seen/);
    assert.match(proved({ state: "disagrees", why: "snapshot a is gone" }), /no: snapshot a is gone/);
    assert.match(proved({ state: "unproven", why: "nobody has looked" }), /not yet: nobody has looked/);
    assert.match(proved(null), /proved by its own run/);
  });

  it("names collectors that failed", () => {
    assert.match(show({ problems: [{ collector: "restic", message: "refused" }] }), /collector restic: refused/);
  });
});

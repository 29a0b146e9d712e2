import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import BetterSqlite from "better-sqlite3";
import { mountBtrfs } from "../support/btrfs.ts";
import type { CommandOptions, EndedCommand } from "../support/command.ts";
import { type Component, needs } from "../support/components.ts";
import { refusingEndpoint, startAnswering, startBlackHole } from "../support/hostile-server.ts";
import { fillUp, mountTmpfs, remount } from "../support/tmpfs.ts";
import { createHost, jobOf, type TestHost } from "./host.ts";
import { command, leaveLock, rclone, restic, snapshot } from "./jobs.ts";

/** What must happen when something is wrong: every case names all of it. */
interface Case {
  readonly given: string;
  readonly components?: readonly Component[];
  /** Arranges what is wrong. @returns the sections of a configuration with the job `test`, or the text of a refused one */
  readonly arrange: (host: TestHost, t: TestContext) => object | string | Promise<object | string>;
  readonly as?: CommandOptions;
  readonly code: number;
  readonly outcome: string | null;
  readonly reason: string | null;
  /** A part of the sentence that says what is wrong, and one of the advice. */
  readonly says: readonly [problem: RegExp, advice: RegExp];
  /** `later`: kept aside until the next run takes it in; `no`: what would be journaled, or where, cannot be known. @default now */
  readonly journaled?: "now" | "later" | "no";
}

const nobody = 65534;
/** What a case does, by its host, before the next run of the job. */
const mends = new WeakMap<TestHost, () => unknown>();
const failed = { code: 1, outcome: "failed" } as const;
/** The backup itself succeeds; the exit code tells that nobody who watches the ledger can see it. */
const unjournaled = { code: 3, outcome: "success", reason: null, journaled: "later" } as const;
const refused = { code: 2, outcome: null, reason: null, journaled: "no" } as const;

const tools: Case[] = [
  {
    given: "a program that does not exist",
    arrange: () => command(["/nowhere/tool"]),
    ...failed,
    reason: "tool_missing",
    says: [/\/nowhere\/tool/, /install|path/],
  },
  {
    given: "a restic that does not exist",
    arrange: (host) => restic(host, { restic: "/nowhere/restic" }),
    ...failed,
    reason: "tool_missing",
    says: [/\/nowhere\/restic/, /install/],
  },
  {
    given: "a restic that prints garbage",
    arrange: (host) => {
      const script =
        'case "$1" in version) echo restic 0.18.0 ;; *) head -c 100000 /dev/urandom; echo; echo "{" ;; esac';
      return restic(host, { restic: host.program("restic", script) });
    },
    ...failed,
    reason: "unknown",
    says: [/restic printed something that is not JSON/, /see that the program called restic is restic itself/],
  },
  {
    given: "a restic whose version is garbage",
    arrange: (host) => restic(host, { restic: host.program("restic", "head -c 1000 /dev/urandom") }),
    ...failed,
    reason: "tool_missing",
    says: [/does not say which restic it is/, /install the package restic/],
  },
  {
    given: "a restic that hangs",
    arrange: (host) => {
      const script = 'case "$1" in version) echo restic 0.18.0 ;; *) exec sleep 300 ;; esac';
      return restic(host, { restic: host.program("restic", script) }, { timeout: "1s" });
    },
    code: 124,
    outcome: "failed",
    reason: "timeout",
    says: [/did not end within its timeout of 1s/, /raise the step's timeout/],
  },
];

const credentials: Case[] = [
  {
    given: "a password file that is not there",
    components: ["restic"],
    arrange: (host) => restic(host, { password: { file: join(host.root, "missing") } }),
    ...failed,
    reason: "auth",
    says: [/there is no file .*missing/, /pantheros secrets init .*missing/],
  },
  {
    given: "a password file that others can read",
    components: ["restic"],
    arrange: (host) => {
      const sections = restic(host);
      chmodSync(join(host.root, "password"), 0o644);
      return sections;
    },
    ...failed,
    reason: "auth",
    says: [/every user of this machine can open/, /chmod 600 .*renew/],
  },
  {
    given: "an environment variable that is not set",
    components: ["restic"],
    arrange: (host) => restic(host, { password: { environment: "NO_SUCH_VARIABLE" } }),
    ...failed,
    reason: "auth",
    says: [/NO_SUCH_VARIABLE.*not set/, /set NO_SUCH_VARIABLE/],
  },
  {
    given: "a wrong password",
    components: ["restic"],
    arrange: async (host) => {
      host.configure(restic(host));
      assert.equal((await host.run(["run", "test"])).code, 0);
      host.secret("other", "not the password");
      return restic(host, { password: { file: join(host.root, "other") } });
    },
    ...failed,
    reason: "auth",
    says: [/wrong password/, /check the repository's password/],
  },
];

const sources: Case[] = [
  {
    given: "a source that is not there",
    components: ["restic"],
    arrange: (host) => restic(host, {}, { from: join(host.root, "nowhere") }),
    ...failed,
    reason: "source",
    says: [/nowhere is not there/, /mounted/],
  },
  {
    given: "a source that its user may not read",
    components: ["restic", "root"],
    arrange: (host) => {
      const sections = restic(host);
      chmodSync(join(host.root, "letters"), 0o700);
      giveToNobody(host, "password");
      return sections;
    },
    as: { uid: nobody },
    ...failed,
    reason: "source",
    says: [/may not be read by this user/, /run as root/],
  },
  {
    given: "a file in it that its user may not read",
    components: ["restic", "root"],
    arrange: (host) => {
      const sections = restic(host);
      writeFileSync(join(host.folder("letters"), "closed"), "x", { mode: 0o600 });
      chmodSync(host.root, 0o777);
      giveToNobody(host, "password");
      return sections;
    },
    as: { uid: nobody },
    code: 3,
    outcome: "partial",
    reason: "source",
    says: [/1 could not be read: .*closed/, /let its user read all of it, or exclude/],
  },
  {
    given: "a folder that is on no Btrfs",
    arrange: (host, t) => snapshot(mountTmpfs(t, "1m"), join(host.root, "snapshots")),
    components: ["root"],
    ...failed,
    reason: "config",
    says: [/is on tmpfs, not on Btrfs/, /mounted there/],
  },
  {
    given: "a folder on Btrfs that is no subvolume",
    components: ["root", "btrfs"],
    arrange: (_host, t) => {
      const mount = mountBtrfs(t);
      mkdirSync(join(mount, "folder"));
      return snapshot(join(mount, "folder"), join(mount, "snapshots"));
    },
    ...failed,
    reason: "config",
    says: [/not a Btrfs subvolume/, /name the subvolume/],
  },
];

const destinations: Case[] = [
  {
    given: "S3 that swallows everything",
    components: ["rclone"],
    arrange: async (host, t) => rclone(host, (await startBlackHole(t)).endpoint),
    ...failed,
    reason: "network",
    says: [/no answer within 30 s/, /firewall/],
  },
  {
    given: "no repository, and nobody who asked for one",
    components: ["restic"],
    arrange: (host) => restic(host, { initialize: false }),
    ...failed,
    reason: "repository_missing",
    says: [/there is no repository/, /initialize: true/],
  },
  {
    given: "a repository that a dead process of this host has locked",
    components: ["restic"],
    arrange: async (host, t) => {
      await leaveLock(t, host);
      return restic(host);
    },
    ...failed,
    reason: "repository_locked",
    says: [/process \d+ of this host is gone/, /restic unlock/],
  },
  {
    given: "a repository that a process of another host has locked",
    components: ["restic", "root"],
    arrange: async (host, t) => {
      await leaveLock(t, host, "elsewhere");
      return restic(host);
    },
    ...failed,
    reason: "repository_locked",
    says: [/locked exclusively by PID \d+ on elsewhere/, /wait until that process has ended/],
  },
  {
    given: "S3 where nobody listens",
    components: ["rclone"],
    arrange: async (host, t) => rclone(host, await refusingEndpoint(t)),
    ...failed,
    reason: "network",
    says: [/cannot be reached: .*ECONNREFUSED/, /endpoint/],
  },
  {
    given: "S3 that denies access",
    components: ["rclone"],
    arrange: async (host, t) => rclone(host, (await startAnswering(t, 403)).endpoint),
    ...failed,
    reason: "auth",
    says: [/403 AccessDenied/, /secret_access_key/],
  },
  {
    given: "S3 that asks to slow down",
    components: ["rclone"],
    arrange: async (host, t) => rclone(host, (await startAnswering(t, 503)).endpoint),
    ...failed,
    reason: "throttled",
    says: [/503 SlowDown/, /wait/],
  },
  {
    given: "a destination without room",
    components: ["rclone", "root"],
    arrange: (host, t) => {
      const path = mountTmpfs(t, "1m");
      writeFileSync(join(host.folder("letters"), "long"), Buffer.alloc(2 * 1024 * 1024, "x"));
      return rclone(host, { type: "local", path });
    },
    ...failed,
    reason: "space",
    says: [/remaining disk space|no space left/, /free space at the destination/],
  },
  {
    given: "a repository without room",
    components: ["restic", "root"],
    arrange: async (host, t) => {
      const path = mountTmpfs(t, "2m");
      const sections = restic(host, { repository: join(path, "repository") });
      host.configure(sections);
      assert.equal((await host.run(["run", "test"])).code, 0);
      fillUp(path);
      writeFileSync(join(host.root, "letters", "new"), "news");
      return sections;
    },
    ...failed,
    reason: "space",
    says: [/no space left/, /make room/],
  },
];

const ledgers: Case[] = [
  {
    given: "a state directory without room",
    components: ["root"],
    arrange: (host, t) => withStateOn(host, mountTmpfs(t, "1m"), fillUp),
    ...unjournaled,
    says: [/there is no space left for the ledger/, /make room/],
  },
  {
    given: "a state directory that is read-only",
    components: ["root"],
    arrange: (host, t) =>
      withStateOn(host, mountTmpfs(t, "8m"), (path) => {
        remount(path, "ro");
        return () => remount(path, "rw");
      }),
    ...unjournaled,
    says: [/read-only file system/, /findmnt/],
  },
  {
    given: "a state directory that belongs to somebody else",
    components: ["root"],
    arrange: (host) => {
      giveToNobody(host);
      chownSync(host.state, 0, 0);
      mends.set(host, () => chownSync(host.state, nobody, nobody));
      return command(["true"]);
    },
    as: { uid: nobody },
    ...unjournaled,
    says: [/may not be written by this user/, /as the owner/],
  },
  {
    given: "a ledger that is damaged",
    arrange: (host) => {
      mkdirSync(host.state);
      writeFileSync(host.ledger, "this is no database".repeat(1000));
      mends.set(host, () => renameSync(host.ledger, join(host.state, "damaged")));
      return command(["true"]);
    },
    ...unjournaled,
    says: [/is damaged/, /move it aside/],
  },
  {
    given: "a ledger of a newer pantheros",
    arrange: async (host) => {
      host.configure(command(["true"]));
      assert.equal((await host.run(["run", "test"])).code, 0);
      const version = setVersion(host.ledger, 999);
      mends.set(host, () => setVersion(host.ledger, version));
      return command(["true"]);
    },
    ...unjournaled,
    says: [/written by a newer pantheros/, /use that newer pantheros/],
  },
  {
    given: "neither a ledger that can be written nor a place to keep the run aside",
    arrange: (host) => {
      writeFileSync(host.state, "");
      mends.set(host, () => renameSync(host.state, `${host.state}.moved`));
      return command(["true"]);
    },
    as: { environment: { RUNTIME_DIRECTORY: "/dev/null/nowhere" } },
    ...unjournaled,
    journaled: "no",
    says: [/the ledger .* cannot be (used|written)/, /\S/],
  },
  {
    given: "a state directory that becomes full while the run is under way",
    components: ["root"],
    arrange: (host, t) => {
      const path = mountTmpfs(t, "1m");
      mends.set(host, () => rmSync(join(path, "filler")));
      const fill = once(host, `cat /dev/zero > '${path}/filler'`);
      return { state_directory: join(path, "state"), ...command(fill) };
    },
    ...unjournaled,
    says: [/there is no space left for the ledger/, /make room/],
  },
  {
    given: "a state directory that is removed while the run is under way",
    arrange: (host) => command(once(host, `rm -r '${host.state}'`)),
    ...unjournaled,
    says: [/the ledger/, /./],
  },
  {
    given: "a place aside that is damaged",
    arrange: async (host) => {
      host.configure(command(["true"]));
      // A run that has to use it shows where it is.
      writeFileSync(host.state, "");
      assert.equal((await host.run(["run", "test"])).code, 3);
      renameSync(host.state, `${host.state}.moved`);
      const runtime = join(host.root, "runtime");
      for (const file of readdirSync(runtime)) writeFileSync(join(runtime, file), "this is no database".repeat(1000));
      return command(["true"]);
    },
    code: 0,
    outcome: "success",
    reason: null,
    says: [/runtime\/ledger-\w+\.sqlite is damaged/, /move it aside/],
  },
];

const configurations: Case[] = [
  {
    given: "a configuration of 10 MB",
    arrange: () => `host: e2e\n${"a: b\n".repeat(2_000_000)}`,
    ...refused,
    says: [/larger than 1 MiB/, /is this the right file/],
  },
  {
    given: "a configuration that is not UTF-8",
    arrange: (host) => {
      writeFileSync(host.config, Buffer.from("host: caf\xe9\n", "latin1"));
      return "";
    },
    ...refused,
    says: [/not UTF-8: line 1/, /iconv/],
  },
  {
    given: "a bomb of anchors",
    arrange: () => {
      const bomb = Array.from({ length: 30 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1},`.repeat(i && 9)}x]`);
      return `host: e2e\n${bomb.join("\n")}\n`;
    },
    ...refused,
    says: [/alias|anchor/, /\S/],
  },
  {
    given: "a mistake in its configuration",
    arrange: () => ({ jobs: { test: jobOf([{ uses: "comand", argv: ["true"] }]) } }),
    code: 2,
    outcome: "failed",
    reason: "config",
    says: [/there is no runner "comand"/, /did you mean "command"/],
  },
];

for (const [what, cases] of Object.entries({ tools, credentials, sources, destinations, ledgers, configurations })) {
  describe(`bad input: ${what}`, { concurrency: 3, timeout: 200_000 }, () => {
    for (const one of cases) {
      const ends = `${one.outcome ?? "refused"}${one.reason ? `/${one.reason}` : ""}`;
      it(`${one.given}: ${ends}, exit code ${one.code}`, needs(...(one.components ?? [])), (t) => examine(one, t));
    }
  });
}

async function examine(one: Case, t: TestContext): Promise<void> {
  const host = createHost(t);
  const sections = await one.arrange(host, t);
  if (typeof sections === "object") host.configure(sections);
  else if (sections !== "") writeFileSync(host.config, sections);
  const before = new Date().toISOString();

  const ended = await host.run(["run", "test", "--json"], one.as);
  assert.equal(ended.code, one.code, ended.stdout + ended.stderr);
  const finished = ended.events.find(({ event }) => event === "finished");
  if (finished) assert.deepEqual([finished["outcome"], finished["reason"]], [one.outcome, one.reason]);
  const [problem, advice] = one.says;
  const told = sentencesOf(ended);
  assert.match(told, problem);
  assert.match(told, advice, "it says what to do");

  mends.get(host)?.();
  // The job once more. It may fail again, and quickly; it must find no lock.
  host.configure(one.code === 2 || typeof sections === "string" ? command(["true"]) : hurried(sections));
  const next = await host.run(["run", "test", "--json"], one.as);
  assert.notEqual(next.code, 4, next.stdout);
  assert.match(next.stdout, /"finished"/);

  const runs = (await host.runs(one.as)).filter((run) => run.started_at >= before);
  assert.ok(
    runs.every(({ outcome, lost }) => outcome !== null && !lost),
    `every run told its end itself: ${JSON.stringify(runs)}`,
  );
  assert.equal(runs.length, one.journaled === "no" ? 1 : 2, JSON.stringify(runs));
  if (one.journaled === "no") return;
  const journaled = runs.at(-1);
  assert.deepEqual(
    [journaled?.outcome, journaled?.reason, journaled?.journaled],
    [one.outcome, one.reason, one.journaled !== "later"],
  );
}

/** All that a person reads: messages of the run, and what went to standard error. */
function sentencesOf({ events, stderr }: EndedCommand): string {
  return [...events.map(({ message }) => message ?? ""), stderr].join("\n");
}

/** The same configuration with so short a deadline that what hangs does not hang for long. */
function hurried(sections: object): object {
  const { jobs } = sections as { readonly jobs: { readonly test: object } };
  return { ...sections, jobs: { ...jobs, test: { ...jobs.test, deadline: "5s" } } };
}

/** What a shell does in the first run and no more, whether it can or not. */
function once(host: TestHost, script: string): readonly string[] {
  return ["sh", "-c", `[ -e '${host.root}/done' ] || { touch '${host.root}/done'; ${script} || true; }`];
}

function giveToNobody(host: TestHost, ...names: string[]): void {
  for (const folder of ["state", "runtime"]) mkdirSync(join(host.root, folder), { recursive: true });
  for (const name of ["state", "runtime", ...names]) chownSync(join(host.root, name), nobody, nobody);
}

async function withStateOn(host: TestHost, path: string, spoil: (path: string) => () => void): Promise<object> {
  const sections = { state_directory: join(path, "state"), ...command(["true"]) };
  host.configure(sections);
  assert.equal((await host.run(["run", "test"])).code, 0);
  mends.set(host, spoil(path));
  return sections;
}

/** @returns the version that it had */
function setVersion(ledger: string, version: number): number {
  const database = new BetterSqlite(ledger);
  const before = Number(database.pragma("user_version", { simple: true }));
  database.pragma(`user_version = ${version}`);
  database.close();
  return before;
}

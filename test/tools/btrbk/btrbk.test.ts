import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Reason, StepError } from "../../../src/model/run/outcome.ts";
import { zoneOf } from "../../../src/model/time/zone.ts";
import { btrbkArgv, listConfigured, listLatest, listUnfinished, runBtrbk } from "../../../src/tools/btrbk/btrbk.ts";
import { btrbkFailure } from "../../../src/tools/btrbk/failure.ts";
import { timeOfName } from "../../../src/tools/btrbk/name.ts";
import {
  parseComplaints,
  parseConfigured,
  parseLatest,
  parseRows,
  parseTransactions,
} from "../../../src/tools/btrbk/output.ts";
import type { Execute, ToolCall, ToolResult } from "../../../src/tools/exec.ts";
import { recordingsOf } from "../../support/tool-recordings.ts";

const { versions, casesOf, read } = recordingsOf("btrbk");
const call = { config: "/etc/btrbk/btrbk.conf", filter: [], timezone: "Europe/Berlin" };
const run = { command: "run", dryRun: false } as const;

/** Every failure that was recorded, and the words that a person has to read. */
const failures: Readonly<Record<string, readonly [Reason, RegExp]>> = {
  command: ["config", /Unrecognized command/],
  "config-broken": ["config", /Unknown option "nonsense" .* line \d/],
  "config-missing": ["config", /Configuration file not found/],
  "config-value": ["config", /Unsupported value "sometimes"/],
  filter: ["config", /does not match any volume/],
  "same-snapshot-name": ["config", /only allowed in subvolume context/],
  "lock-unwritable": ["config", /Failed to open lock file/],
  locked: ["repository_locked", /another btrbk instance is running/],
  "not-a-subvolume": ["config", /Not a Btrfs subvolume/],
  "source-not-btrfs": ["config", /Not a btrfs filesystem/],
  "target-not-btrfs": ["config", /Not a btrfs filesystem/],
  "other-filesystem": ["config", /not on same filesystem/],
  "snapshot-dir-missing": ["config", /for snapshot_dir.*No such file/],
  "target-read-only": ["config", /Read-only file system/],
  "source-missing": ["source", /\/mnt\/pool\/gone.*No such file/],
  "volume-missing": ["source", /\/mnt\/pool\/gone\/home.*No such file/],
  "one-source-missing": ["source", /\/mnt\/pool\/gone.*No such file/],
  "read-only": ["source", /cannot snapshot .*Read-only file system/],
  "target-missing": ["repository_missing", /Skipping target "\/mnt\/disk\/nowhere".*No such file/],
  stray: ["verification", /exists, but is not a receive target/],
  full: ["space", /cannot snapshot .*No space left/],
  "target-full": ["space", /-> \/mnt\/full.*No space left/],
  unprivileged: ["auth", /Operation not permitted/],
  "no-btrfs": ["tool_missing", /btrfs: Permission denied/],
  "ssh-refused": ["network", /ssh: connect to host .*Connection refused$/],
  "ssh-no-such-host": ["network", /Could not resolve hostname/],
  sigint: ["killed", /SIGINT/],
  sigterm: ["killed", /SIGTERM/],
  sigkill: ["killed", /SIGKILL/],
};
/** Not even btrbk takes them for failures. */
const successes = ["failure-config-empty", "failure-transaction-log"];

for (const version of versions) {
  describe(`btrbk ${version} as recorded`, () => {
    for (const name of casesOf(version).filter((name) => name.startsWith("failure-") && !successes.includes(name))) {
      const [reason, says] = failures[name.slice("failure-".length)] ?? [];
      it(`${name} is ${reason}, in one sentence and with the next step`, () => {
        assert.ok(reason && says, "every recording has its reason");
        const end = read(version, name);
        const failure = btrbkFailure({ ...end, task: "do it", transactions: parseTransactions(end.stdout) });
        assert.equal(failure.reason, reason, failure.message);
        assert.match(failure.message, says);
        assert.doesNotMatch(failure.message, /\n|sh: btrfs/);
        assert.ok(failure.details.advice);
      });
    }

    it("nothing that is expected was left out of the recordings", () => {
      const missing = Object.keys(failures).filter((name) => !casesOf(version).includes(`failure-${name}`));
      assert.deepEqual(missing, []);
    });

    it("tells what it made, sent and removed", () => {
      const done = parseTransactions(read(version, "run-incremental").stdout);
      assert.deepEqual(
        done.map(({ type, status }) => `${type} ${status}`),
        [
          `startup v${version}`,
          ...["snapshot success", "snapshot success", "send-receive success", "send-receive success"],
          ...["delete_snapshot success", "finished success"],
        ],
      );
      assert.match(done[1]?.target ?? "", /^\/mnt\/pool\/snapshots\/home\.\d{8}T\d{6}\+0000_1$/);
      assert.equal(done[1]?.source, "/mnt/pool/home");
      const planned = parseTransactions(read(version, "dry-run").stdout);
      assert.deepEqual(planned.map(({ status }) => status).slice(1, 3), ["dryrun_success", "dryrun_success"]);
    });

    it("tells what it is configured for, and the newest of each", () => {
      assert.deepEqual(parseConfigured(read(version, "list-config").stdout), [
        {
          source: "/mnt/pool/home",
          snapshot: "/mnt/pool/snapshots",
          target: "/mnt/disk/backups",
          targetType: "send-receive",
          upToDate: false,
        },
      ]);
      const latest = parseLatest(read(version, "list-latest").stdout);
      assert.deepEqual(
        latest.map(({ source, target, upToDate }) => [source, target !== "", upToDate]),
        [
          ["/mnt/pool/home", true, false],
          ["/mnt/pool/home", false, true],
          ["/mnt/pool/srv", true, true],
        ],
        "the newest snapshot of home has not been sent",
      );
    });
  });
}

describe("a call of btrbk", () => {
  const calls: ToolCall[] = [];
  const ending =
    (end: Partial<ToolResult>): Execute =>
    async (made) => {
      calls.push(made);
      return { argv: [], exitCode: 0, signal: null, stdout: "", stderr: "", durationSeconds: 0, ...end };
    };
  const reasonOf = (work: Promise<unknown>) =>
    work.then(
      () => "success",
      (error) => (error instanceof StepError ? error.reason : String(error)),
    );

  it("counts days as those do who call btrbk by hand, and takes filters for nothing else", async () => {
    await runBtrbk(ending({}), { ...call, filter: ["/mnt/a b", "x"] }, run);
    const [made] = calls;
    assert.deepEqual(made?.environment, { TZ: "Europe/Berlin" });
    assert.deepEqual(made?.argv, [
      "btrbk",
      "--format=raw",
      "--config=/etc/btrbk/btrbk.conf",
      "run",
      "--",
      "/mnt/a b",
      "x",
    ]);
    assert.deepEqual(btrbkArgv({ ...call, config: undefined }, ["list", "config"], true).slice(0, 3), [
      "btrbk",
      "--format=raw",
      "--dry-run",
    ]);
  });

  it("with exit 10 has done what it could, and says what not", async () => {
    const end = read(versions[0] as string, "failure-target-missing");
    const { transactions, problem } = await runBtrbk(ending(end), call, run);
    assert.equal(problem?.reason, "repository_missing");
    assert.ok(transactions.some(({ type, status }) => type === "snapshot" && status === "success"));
  });

  it("with any other exit code has failed, and with an unknown one nobody knows why", async () => {
    for (const exitCode of [1, 4, 255])
      assert.equal(await reasonOf(runBtrbk(ending({ exitCode }), call, run)), "unknown");
    assert.equal(
      await reasonOf(runBtrbk(ending({ exitCode: 10, stderr: "ERROR: the moon is full" }), call, run)),
      "success",
    );
    for (const list of [listConfigured, listLatest, listUnfinished]) {
      assert.equal(
        await reasonOf(list(ending({ exitCode: 255, stderr: "ERROR: process died unexpectedly" }), call)),
        "unknown",
      );
    }
  });

  it("that could not serve a target lists the others all the same", async () => {
    const row = read(versions[0] as string, "list-latest").stdout;
    assert.equal((await listLatest(ending({ exitCode: 10, stdout: row }), call)).length, 3);
    const clean = read(versions[0] as string, "clean-dry-run").stdout;
    assert.match((await listUnfinished(ending({ stdout: clean }), call))[0] ?? "", /^\/mnt\/disk\/backups\/stray\./);
  });

  it("takes no reason from the name of a folder", () => {
    const stderr = `WARNING: Skipping target "/mnt/No space left on device": Failed to fetch subvolume detail
WARNING: ... Command execution failed (exitcode=1)
WARNING: ... sh: readlink -v -e '/mnt/No space left on device'
WARNING: ... readlink: /mnt/No space left on device: No such file or directory`;
    const transactions = [{ type: "startup", status: "", target: "", source: "", message: "" }];
    assert.equal(
      btrbkFailure({ task: "x", exitCode: 10, signal: null, stderr, transactions }).reason,
      "repository_missing",
    );
  });
});

describe("what btrbk says", () => {
  const failure = (stderr: string, statuses: readonly string[] = []) =>
    btrbkFailure({
      ...{ task: "run", exitCode: 10, signal: null, stderr },
      transactions: statuses.map((status) => ({ type: "snapshot", status, target: "", source: "", message: "" })),
    });

  for (const [reason, ...said] of [
    ["space", "btrfs: Disk quota exceeded"],
    [
      "network",
      ...["ssh: connect to host a port 22: Connection timed out", "ssh: Connection reset", "ssh: Connection closed"],
      ...["ssh: Network is unreachable", "ssh: No route to host", "kex_exchange_identification: odd"],
      ...["Connection closed by 10.0.0.1", "Connection reset by 10.0.0.1", "Broken pipe"],
    ],
    [
      "auth",
      ...[
        "root@a: Permission denied (publickey).",
        "Host key verification failed.",
        "Too many authentication failures",
      ],
      "btrfs: Permission denied",
    ],
    ["tool_missing", "sh: 1: mbuffer: not found", "bash: mbuffer: command not found"],
    ["source", "btrfs: Input/output error", "btrfs: Structure needs cleaning"],
    [
      "config",
      ...["subvolume is readonly", "subvolume has no UUID", '"Received UUID" is set', "No snapshot_dir"],
      "Relative snapshot_dir path",
    ],
  ] satisfies readonly [Reason, ...string[]][]) {
    for (const words of said) {
      it(`"${words}" is ${reason}`, () => assert.equal(failure(`ERROR: odd\nERROR: ... ${words}`).reason, reason));
    }
  }

  it("is told by the complaint whose cause is known, else by the first, and how many tasks were given up", () => {
    const known = "ERROR: the moon\nERROR: is full\nERROR: Broken pipe";
    assert.equal(failure(known).message, "btrbk could not run: Broken pipe");
    const unknown = "ERROR: the moon\nERROR: is full";
    assert.equal(failure(unknown, ["ABORT", "success"]).message, "btrbk could not run: the moon");
    const two = failure(unknown, ["ABORT", "ABORT"]).message;
    assert.equal(two, "btrbk could not run: the moon (2 of its tasks were given up)");
  });

  it("is not taken from the commands that it shows", () => {
    const shown = [
      "sh: readlink -v -e '/mnt/it'\\''s Broken pipe'",
      "sh: /usr/bin/btrfs send '/mnt/it'\\''s Broken pipe'",
    ];
    for (const command of shown) {
      const said = failure(`ERROR: odd\nERROR: ... ${command}\nERROR: ... Structure needs cleaning`);
      assert.deepEqual([said.reason, said.message], ["source", "btrbk could not run: odd: Structure needs cleaning"]);
    }
  });
});

describe("what btrbk prints", () => {
  const shellQuoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

  it("is read back whatever a path holds, but for newlines, which btrbk refuses", () => {
    const value = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n"));
    const rows = fc.array(fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), value), { maxLength: 4 });
    fc.assert(
      fc.property(rows, (written) => {
        const named = written.map((row) => ({ ...row, format: "x" }));
        const lines = named.map(({ format, ...row }) =>
          [
            `format="${format}"`,
            ...Object.entries(row).map(([key, text]) => `${key}=${shellQuoted(String(text))}`),
          ].join(" "),
        );
        assert.deepEqual(
          parseRows(`${lines.join("\n")}\n`, "x").map((row) => ({ ...row })),
          named,
        );
      }),
    );
  });

  it("is left out where it is no row, half a row or another table", () => {
    const garbage = ["Total:", "format=", 'format="x" a=\'b', "format=\"y\" a='b'", "format=\"x\" a='b' c"];
    assert.deepEqual(parseRows(garbage.join("\n"), "x"), []);
    fc.assert(fc.property(fc.string(), (text) => void parseRows(text, "x")));
  });

  it("is a complaint with its details, also with the line ends of ssh", () => {
    const text = "noise\nWARNING: ... lost\nERROR: a\r\nERROR: ... b\r\nERROR: ... c\nWARNING: d\n";
    assert.deepEqual(parseComplaints(text), [
      { level: "warning", text: "lost", details: [] },
      { level: "error", text: "a", details: ["b", "c"] },
      { level: "warning", text: "d", details: [] },
    ]);
  });
});

describe("the time in a name of btrbk's", () => {
  const berlin = zoneOf("Europe/Berlin");
  const at = (name: string) => {
    const seconds = timeOfName(`/mnt/backups/${name}`, berlin);
    return seconds === null ? null : new Date(seconds * 1000).toISOString();
  };

  it("is local, unless the name says otherwise", () => {
    assert.equal(at("home.20261121"), "2026-11-20T23:00:00.000Z");
    assert.equal(at("home.20260721T0857"), "2026-07-21T06:57:00.000Z");
    assert.equal(at("home.20261121T0857_12"), "2026-11-21T07:57:00.000Z");
    assert.equal(at("home.20261121T085700+0530_1"), "2026-11-21T03:27:00.000Z");
    assert.equal(at("home.20261121T085700-0800"), "2026-11-21T16:57:00.000Z");
    assert.equal(at("my.20200101.20261121T0857.btrfs.zst.gpg"), "2026-11-21T07:57:00.000Z");
  });

  it("is not there in other names", () => {
    for (const name of ["home", "20261121", "home.2026", "home.20261121T08", "home.20261121x"])
      assert.equal(at(name), null);
  });
});

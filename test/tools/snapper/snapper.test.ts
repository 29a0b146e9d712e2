import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Reason, StepError } from "../../../src/model/run/outcome.ts";
import type { ToolResult } from "../../../src/tools/exec.ts";
import { snapperFailure } from "../../../src/tools/snapper/failure.ts";
import { parseSnapperList, parseSnapperNumber, parseSnapperSettings } from "../../../src/tools/snapper/output.ts";
import { createArguments, createSnapshot, listSnapshots, readSettings } from "../../../src/tools/snapper/snapper.ts";
import { recordingsOf } from "../../support/tool-recordings.ts";

const { versions, casesOf, read } = recordingsOf("snapper");
const request = { config: "home", description: "pantheros: nightly", runId: "r1", cleanup: "timeline" } as const;

/** Every failure that was recorded, and the words that a person has to read. */
const failures: Readonly<Record<string, readonly [Reason, RegExp]>> = {
  "no-configs": ["config", /Config 'home' not found/],
  "unknown-config": ["config", /Config 'nowhere' not found/],
  "unknown-config-get": ["config", /Config 'nowhere' not found/],
  "undeclared-config": ["config", /Config 'broken' not found/],
  "broken-config": ["config", /Config 'broken' not found/],
  "unknown-type": ["config", /Config 'type' is invalid/],
  "not-btrfs": ["config", /not a btrfs subvolume/],
  "not-a-subvolume": ["config", /not a btrfs subvolume/],
  "no-snapshots-folder": ["config", /\.snapshots errno:2/],
  userdata: ["config", /does not include '=' sign/],
  "subvolume-missing": ["source", /No such file or directory/],
  "read-only": ["source", /Read-only file system/],
  unprivileged: ["auth", /Operation not permitted/],
  "unprivileged-list": ["auth", /Operation not permitted/],
  full: ["space", /No space left on device/],
  quota: ["space", /Disk quota exceeded/],
};

for (const version of versions) {
  describe(`snapper ${version} as recorded`, () => {
    for (const name of casesOf(version).filter((name) => name.startsWith("failure-"))) {
      const [reason, says] = failures[name.slice("failure-".length)] ?? [];
      it(`${name} is ${reason}, in one sentence and with the next step`, () => {
        assert.ok(reason && says, "every recording has its reason");
        const failure = snapperFailure("make a snapshot", read(version, name));
        assert.equal(failure.reason, reason, failure.message);
        assert.match(failure.message, says);
        assert.doesNotMatch(failure.message, /\n/);
        assert.ok(failure.details.advice);
      });
    }

    it("nothing that is expected was left out of the recordings", () => {
      const missing = Object.keys(failures).filter((name) => !casesOf(version).includes(`failure-${name}`));
      assert.deepEqual(missing, []);
    });

    it("prints the number of what it made", () => {
      assert.equal(parseSnapperNumber(read(version, "create").stdout), 1);
    });

    it("lists what it made with its run, and not the subvolume itself", () => {
      assert.deepEqual(parseSnapperList(read(version, "list-none").stdout, "home"), []);
      assert.deepEqual(parseSnapperList(read(version, "list").stdout, "home"), [
        { number: 1, userdata: { pantheros: "20261121T085700Z-k3f9" } },
        { number: 2, userdata: {} },
      ]);
    });

    it("tells its settings", () => {
      const settings = parseSnapperSettings(read(version, "get-config").stdout);
      assert.deepEqual([settings["SUBVOLUME"], settings["TIMELINE_CLEANUP"]], ["/data/home", "yes"]);
    });
  });
}

describe("a call of snapper", () => {
  const ending = (end: Partial<ToolResult>) => async () =>
    ({ argv: [], exitCode: 0, signal: null, stdout: "", stderr: "", durationSeconds: 0, ...end }) satisfies ToolResult;
  const reasonOf = (work: Promise<unknown>) =>
    work.then(
      () => "success",
      (error) => (error instanceof StepError ? error.reason : String(error)),
    );

  it("never speaks to D-Bus, and takes every word as it is", () => {
    const argv = createArguments({ ...request, description: "--command=rm -rf $(x)", cleanup: "none" });
    assert.equal(argv[0], "--no-dbus");
    assert.ok(argv.includes("--description=--command=rm -rf $(x)"));
    assert.ok(!argv.some((word) => word.startsWith("--cleanup-algorithm")));
  });

  for (const [reason, ...said] of [
    ["space", "create failed errno:28 (odd)", "create failed errno:122 (odd)"],
    ["auth", "open: Permission denied", "No permissions.", "open errno:1 (odd)", "open errno:13 (odd)"],
    ["source", "Input/output error", "open errno:2 (odd)"],
    ["config", "Unknown config.", "Cannot detect: config 'root' does not exist.", "Invalid configdata."],
    ["config", "not a btrfs snapshot", "Unknown option '--odd'.", "Unknown command 'odd'.", "Invalid userdata."],
    ["config", "This is possible only together with no-dbus."],
    ["repository_locked", "Config is locked.", "Config is in use."],
  ] satisfies readonly [Reason, ...string[]][]) {
    for (const words of said) {
      it(`that says "${words}" is ${reason}`, async () => {
        assert.equal(
          await reasonOf(createSnapshot(ending({ exitCode: 1, stderr: `lost\n${words}\n` }), request)),
          reason,
        );
      });
    }
  }

  it("fails as unknown for what nobody knows, as killed when a signal ended it", async () => {
    assert.equal(
      await reasonOf(createSnapshot(ending({ exitCode: 1, stderr: "the moon is full" }), request)),
      "unknown",
    );
    assert.equal(await reasonOf(createSnapshot(ending({ exitCode: 77 }), request)), "unknown");
    assert.equal(await reasonOf(createSnapshot(ending({ exitCode: null, signal: "SIGKILL" }), request)), "killed");
  });

  it("is no success when it makes nothing, or prints what it has never printed", async () => {
    assert.equal(await reasonOf(createSnapshot(ending({}), request)), "empty_artifact");
    assert.equal(await reasonOf(createSnapshot(ending({ stdout: "1\n2\n" }), request)), "empty_artifact");
    for (const stdout of ["", "# | Type", "[]", '{"home":[{"number":"1"}]}']) {
      assert.equal(await reasonOf(listSnapshots(ending({ stdout }), "home")), "unknown", stdout);
    }
    assert.equal(await reasonOf(readSettings(ending({ stdout: "Key | Value" }), "home")), "unknown");
  });

  it("takes no reason from the name of a folder", () => {
    const stderr =
      "IO error (open failed path:/srv/No space left on device/.snapshots errno:2 (No such file or directory)).";
    const failure = snapperFailure("x", {
      argv: [],
      exitCode: 1,
      signal: null,
      stdout: "",
      stderr,
      durationSeconds: 0,
    });
    assert.equal(failure.reason, "config");
    const gone = stderr.replace("/.snapshots", "");
    assert.equal(
      snapperFailure("x", { argv: [], exitCode: 1, signal: null, stdout: "", stderr: gone, durationSeconds: 0 }).reason,
      "source",
    );
  });

  it("knows what only D-Bus would say, should it come to that", () => {
    const reason = (stderr: string) =>
      snapperFailure("x", { argv: [], exitCode: 1, signal: null, stdout: "", stderr, durationSeconds: 0 }).reason;
    assert.equal(reason("Config is locked.\n"), "repository_locked");
    assert.equal(reason("No permissions.\n"), "auth");
    assert.equal(reason("Unknown config.\n"), "config");
  });
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { mountsIn, processesIn } from "../stage.ts";
import { type CommandOptions, type RunningCommand, startScript } from "../support/command.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";

const root = join(import.meta.dirname, "../..");
const nobody = 65534;

/** The demo with a folder of its own for all that is temporary. */
function startDemo(t: TestContext, options: CommandOptions = {}): RunningCommand & { readonly folder: string } {
  const base = temporaryDirectory(t);
  chmodSync(base, 0o755);
  const folder = join(base, "temporary");
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  const environment = { TMPDIR: folder, NO_COLOR: "1", ...options.environment };
  return { ...startScript(t, base, ["examples/demo/demo.ts"], { seconds: 150, ...options, environment }), folder };
}

/** Nothing of it is left: no process, mount, loop device or file. */
async function assertGone(folder: string): Promise<void> {
  const processes = processesIn(folder);
  assert.deepEqual([processes, mountsIn(folder), readdirSync(folder)], [[], [], []]);
  // Detached, it goes when the last one who looks at all block devices has closed it.
  const loops = () =>
    execFileSync("losetup", ["--list", "--noheadings", "--output", "BACK-FILE"], { encoding: "utf8" });
  await eventually("its loop device to be gone", () => !loops().includes(folder), { seconds: 20 });
}

/** All of them, in this order. */
function assertTells(story: string, parts: readonly RegExp[]): void {
  let rest = story;
  for (const part of parts) {
    const found = part.exec(rest);
    assert.ok(found, `${part} is missing, or comes too early, in\n${story}`);
    rest = rest.slice(found.index + found[0].length);
  }
}

describe("the demo", { timeout: 280_000, concurrency: 2, ...needs("restic") }, () => {
  before(() => {
    if (!existsSync(join(root, "dist/main.js"))) execFileSync(process.execPath, [join(root, "setup/build.ts")]);
  });

  it("tells the whole story, ends with 0 and leaves nothing", needs("root", "btrfs", "rclone", "s3"), async (t) => {
    const demo = startDemo(t);
    const { code, stdout, stderr } = await demo.ended;
    assert.equal(code, 0, stdout + stderr);
    assertTells(stdout, [
      /on a real Btrfs filesystem, an empty restic repository, an empty S3 bucket\./,
      /snap +snapshot\.btrfs +success/,
      /restic +backup\.restic +success .* 201 files/,
      /bucket +backup\.rclone +success .* found at s3:\/\/demo-backups\/documents-\d/,
      /prune\.snapshots +success/,
      /forget\.restic +success/,
      /^documents: success in /m,
      /documents +success, /,
      /subvolume documents +1 .*kept/,
      /repository local +1 .*kept/,
      /pantheros_backup_completed_total\{host="demo",job="documents",target="local"\} 1/,
      /pantheros_retention_compliant\{host="demo",kind="subvolume",subject="documents",policy="short"\} 1/,
      /A run is killed/,
      /long-copy +failed\/killed/,
      /pantheros_job_lost_runs_total\{host="demo",job="long-copy",reason="killed"\} 1/,
      /pantheros init/,
    ]);
    assert.doesNotMatch(stdout, /Left out/);
    await assertGone(demo.folder);
  });

  it("does without root: a plain folder, and says what it left out and why", needs("root"), async (t) => {
    const demo = startDemo(t, { uid: nobody });
    const { code, stdout, stderr } = await demo.ended;
    assert.equal(code, 0, stdout + stderr);
    assertTells(stdout, [
      /A folder with 200 files, an empty restic repository/,
      /Left out – Btrfs snapshots \(the source is a plain folder instead\): .*root/,
      /restic +backup\.restic +success .* 200 files/,
      /^documents: success in /m,
      /long-copy +failed\/killed/,
    ]);
    assert.doesNotMatch(stdout, /snapshot\.btrfs/);
    await assertGone(demo.folder);
  });

  for (const [when, sign] of [
    ["while the job runs", /backup\.restic: started/],
    ["while the engine looks for the killed run", /Process \d+ is gone/],
  ] as const) {
    it(`leaves nothing when it is interrupted ${when}`, needs("root", "btrfs"), async (t) => {
      const demo = startDemo(t);
      const said = () => sign.test(demo.stdout() + demo.stderr());
      await eventually(`the demo to say ${sign}`, said, { seconds: 100 });
      demo.kill("SIGINT");
      assert.equal((await demo.ended).code, 130, demo.stderr());
      await assertGone(demo.folder);
    });
  }
});

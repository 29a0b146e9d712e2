import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { auditLayout } from "../../src/model/layout/audit.ts";
import type { LayoutFinding, LayoutRule } from "../../src/model/layout/finding.ts";
import { withOwn } from "../../src/model/layout/own.ts";
import type { Layout } from "../../src/model/layout/profile.ts";
import { hetzner } from "../../src/model/layout/profiles/hetzner.ts";
import { yoga } from "../../src/model/layout/profiles/yoga.ts";
import { zephyrus } from "../../src/model/layout/profiles/zephyrus.ts";
import { createExecute, type Execute } from "../../src/tools/exec.ts";
import { lookAtLayout } from "../../src/tools/layout/look.ts";
import { runPantheros } from "../support/command.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { type BuiltLayout, buildLayout } from "../support/layout.ts";

const execute = createExecute({ env: process.env, defaultTimeoutSeconds: 60 });
const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: "pipe" });

async function audit(layout: Layout, { root }: BuiltLayout, as: Execute = execute) {
  return auditLayout(layout, await lookAtLayout(as, layout, root)).findings;
}

/** What is not as it should be: `subject rule`. */
const notHolding = (findings: readonly LayoutFinding[], state: "violated" | "unknown") =>
  findings.filter((finding) => finding.state === state).map(({ subject, rule }) => `${subject} ${rule}`);

/** Does what the audit prints, as a person would, and stops at the first command that fails. */
function mend(findings: readonly LayoutFinding[], rule: LayoutRule): void {
  for (const finding of findings) {
    if (finding.state !== "violated" || finding.rule !== rule) continue;
    assert.ok(finding.mend.commands.length > 0, `${finding.subject} ${rule} has commands`);
    run("sh", "-c", finding.mend.commands.join(" &&\n"));
  }
}

/** Breaks one thing of the server's layout, sees exactly that, does what is printed, and sees everything hold again. */
async function breakAndMend(
  t: TestContext,
  rule: LayoutRule,
  violated: readonly string[],
  breakIt: (built: BuiltLayout) => void,
): Promise<{ readonly built: BuiltLayout; readonly findings: readonly LayoutFinding[] }> {
  const built = buildLayout(t, hetzner);
  breakIt(built);
  const findings = await audit(hetzner, built);
  assert.deepEqual(notHolding(findings, "violated"), violated);
  mend(findings, rule);
  const after = await audit(hetzner, built);
  assert.deepEqual([...notHolding(after, "violated"), ...notHolding(after, "unknown")], unmounted);
  return { built, findings };
}

/** The profile does not say where these are mounted, so nothing can be seen of what is in force in them. */
const unmounted = ["@config", "@local", "@user-cache", "@ai-tools"].flatMap((name) => [
  `${name} copy_on_write`,
  `${name} compression`,
]);

describe("the audit of a server on a real Btrfs", { ...needs("root", "btrfs"), timeout: 240_000 }, () => {
  it("holds where everything is as the profile asks", async (t) => {
    const findings = await audit(hetzner, buildLayout(t, hetzner));
    assert.deepEqual(notHolding(findings, "violated"), []);
    assert.deepEqual(notHolding(findings, "unknown"), unmounted);
    assert.equal(findings.length, 70);
  });

  it("knows everything when the configuration says where people's subvolumes are mounted", async (t) => {
    const own = Object.fromEntries(
      ["@config", "@local", "@user-cache", "@ai-tools"].map((name) => [name, { mountPoint: `/people/${name}` }]),
    );
    const layout = withOwn(hetzner, own);
    const findings = await audit(layout, buildLayout(t, layout));
    assert.deepEqual([...new Set(findings.map(({ state }) => state))], ["holds"]);
  });

  it("exists: a subvolume that is missing is made, without copy-on-write from the start", async (t) => {
    const built = buildLayout(t, hetzner);
    run("umount", join(built.root, "var/lib/redis"));
    run("btrfs", "subvolume", "delete", join(built.top, "@redis"));
    const findings = await audit(hetzner, built);
    assert.deepEqual(notHolding(findings, "violated"), [
      ...["exists", "mounted", "copy_on_write", "compression"].map((rule) => `@redis ${rule}`),
    ]);
    mend(findings, "exists");
    mend(findings, "mounted");
    assert.deepEqual(notHolding(await audit(hetzner, built), "violated"), []);
    assert.match(run("lsattr", "-d", join(built.root, "var/lib/redis")).toString(), /C/);
  });

  it("mounted: what lies in the directory is taken along", async (t) => {
    const { built, findings } = await breakAndMend(t, "mounted", ["@log mounted"], ({ root }) => {
      run("umount", join(root, "var/log"));
      mkdirSync(join(root, "var/log/a b"), { recursive: true });
      writeFileSync(join(root, "var/log/a b/old.log"), "kept");
    });
    assert.equal(readFileSync(join(built.root, "var/log/a b/old.log"), "utf8"), "kept");
    const finding = findings.find(({ rule, state }) => rule === "mounted" && state === "violated");
    assert.ok(finding?.state === "violated");
    assert.match(finding.mend.before ?? "", /data is copied/);
    assert.match(finding.mend.lasting?.fstab ?? "", /^\/dev\/\S+ \/var\/log btrfs subvol=@log,noatime,/);
  });

  it("mounted: another subvolume in its place is told and replaced", async (t) => {
    const { findings } = await breakAndMend(t, "mounted", ["@var-cache mounted"], ({ root, device }) => {
      run("umount", join(root, "var/cache"));
      run("mount", "-o", "subvol=@log", device, join(root, "var/cache"));
    });
    const finding = findings.find(({ rule, state }) => rule === "mounted" && state === "violated");
    assert.ok(finding?.state === "violated");
    assert.equal(finding.found, "the subvolume @log is mounted there");
  });

  it("mount_options: noatime belongs to the mount, and a remount of it leaves its other options alone", async (t) => {
    const { built } = await breakAndMend(t, "mount_options", ["@log mount_options"], ({ root, device }) => {
      run("umount", join(root, "var/log"));
      run("mount", "-o", "subvol=@log,nodev", device, join(root, "var/log"));
    });
    const options = run("findmnt", "-no", "VFS-OPTIONS", join(built.root, "var/log")).toString();
    assert.match(options, /nodev.*noatime/);
  });

  it("filesystem_options: other options at one mount are ignored by Btrfs, and the audit says what is in force", async (t) => {
    const built = buildLayout(t, hetzner);
    run("umount", join(built.root, "var/cache"));
    run(
      "mount",
      "-o",
      "subvol=@var-cache,noatime,nodatacow,compress=zstd:9",
      built.device,
      join(built.root, "var/cache"),
    );
    const findings = await audit(hetzner, built);
    assert.deepEqual(notHolding(findings, "violated"), []);
    const compression = findings.find(({ subject, rule }) => subject === "@var-cache" && rule === "compression");
    assert.ok(compression?.state === "holds");
    assert.equal(
      compression.found,
      "compress=zstd:3 of the filesystem; zstd:1 is not to be had: the level is the whole filesystem's",
    );
  });

  it("filesystem_options: without compress= nothing is compressed, and one remount mends it all", async (t) => {
    const compressed = ["@", "@home", "@dev", "@log", "@var-cache"].map((name) => `${name} compression`);
    await breakAndMend(t, "filesystem_options", ["primary filesystem_options", ...compressed], ({ top }) => {
      run("mount", "-o", "remount,compress=no,nodiscard", top);
    });
  });

  it("copy_on_write: nodatacow of the filesystem holds for every subvolume, whichever mount says so", async (t) => {
    const copied = ["@", "@home", "@dev", "@log", "@var-cache"];
    const both = copied.flatMap((name) => [`${name} copy_on_write`, `${name} compression`]);
    const built = buildLayout(t, hetzner);
    run("mount", "-o", "remount,nodatacow", join(built.root, "tmp"));
    const findings = await audit(hetzner, built);
    const violated = notHolding(findings, "violated").filter((each) => !each.startsWith("primary"));
    assert.deepEqual(violated, both);
    mend(findings, "copy_on_write");
    // The kernel drops compress= with copy-on-write, and does not bring it back.
    mend(await audit(hetzner, built), "filesystem_options");
    assert.deepEqual(notHolding(await audit(hetzner, built), "violated"), []);
  });

  const databases = ["@postgresql", "@redis"].flatMap((name) => [`${name} copy_on_write`, `${name} compression`]);

  it("copy_on_write: an empty directory takes the attribute, one with data is copied", async (t) => {
    const { built } = await breakAndMend(t, "copy_on_write", databases, ({ root }) => {
      for (const name of ["postgresql", "redis"]) run("chattr", "-C", join(root, "var/lib", name));
      writeFileSync(join(root, "var/lib/postgresql/base"), "rows".repeat(1000));
      chmodSync(join(root, "var/lib/postgresql"), 0o700);
    });
    const copied = join(built.root, "var/lib/postgresql/base");
    assert.equal(readFileSync(copied, "utf8"), "rows".repeat(1000));
    assert.match(run("lsattr", copied).toString(), /^-+C-+ /);
    assert.deepEqual(
      readdirSync(built.top).filter((name) => name.startsWith("@postgresql")),
      ["@postgresql", "@postgresql.old"],
    );
  });

  it("copy_on_write: files that are older than the attribute are still copied on write, and that is seen", async (t) => {
    const { findings } = await breakAndMend(t, "copy_on_write", ["@postgresql copy_on_write"], ({ root }) => {
      const directory = join(root, "var/lib/postgresql");
      run("chattr", "-C", directory);
      writeFileSync(join(directory, "old"), "rows");
      run("chattr", "+C", directory);
      writeFileSync(join(directory, "new"), "rows");
    });
    const finding = findings.find(({ state }) => state === "violated");
    assert.ok(finding?.state === "violated");
    assert.match(finding.found, /^attribute C, but 1 of 2 files looked at are older/);
  });

  it("copy_on_write: a subvolume that shall be copied on write and is not", async (t) => {
    await breakAndMend(t, "copy_on_write", ["@log copy_on_write", "@log compression"], ({ root }) => {
      run("chattr", "+C", join(root, "var/log"));
    });
  });

  it("compression: a property of the directory goes before the filesystem's option", async (t) => {
    await breakAndMend(t, "compression", ["@home compression"], ({ root }) => {
      run("btrfs", "property", "set", join(root, "home"), "compression", "none");
    });
  });

  it("whole: a tablespace on a subvolume of its own would be missing in a snapshot", async (t) => {
    const { built } = await breakAndMend(t, "whole", ["@postgresql whole"], ({ root }) => {
      const space = join(root, "var/lib/postgresql/it's a space");
      run("btrfs", "subvolume", "create", space);
      run("chattr", "+C", space);
      writeFileSync(join(space, "table"), "rows");
    });
    assert.equal(readFileSync(join(built.root, "var/lib/postgresql/it's a space/table"), "utf8"), "rows");
  });

  it("whole: snapshots are where snapshots belong", async (t) => {
    const built = buildLayout(t, hetzner);
    const data = join(built.root, "var/lib/postgresql");
    run("btrfs", "subvolume", "create", join(data, ".snapshots"));
    mkdirSync(join(data, ".snapshots/1"));
    run("btrfs", "subvolume", "snapshot", "-r", data, join(data, ".snapshots/1/snapshot"));
    run("btrfs", "subvolume", "snapshot", "-r", data, join(data, "by-hand"));
    assert.deepEqual(notHolding(await audit(hetzner, built), "violated"), []);
  });

  it("whole: nothing else is mounted inside a database, and that cannot be mended by a command", async (t) => {
    const built = buildLayout(t, hetzner);
    mkdirSync(join(built.root, "var/lib/postgresql/wal"));
    run("mount", "-t", "tmpfs", "tmpfs", join(built.root, "var/lib/postgresql/wal"));
    const findings = await audit(hetzner, built);
    const finding = findings.find(({ state }) => state === "violated");
    assert.ok(finding?.state === "violated" && finding.rule === "whole");
    assert.deepEqual(finding.mend.commands, []);
    assert.match(finding.mend.before ?? "", /move what is at .*wal into @postgresql/);
  });

  it("pool: two filesystems are two, and one in their place is told", async (t) => {
    const used = zephyrus.subvolumes.filter(({ presence }) => presence === "required");
    const layout = { ...zephyrus, subvolumes: used };
    const right = await audit(layout, buildLayout(t, layout));
    assert.deepEqual(notHolding(right, "violated"), []);
    const merged = used.map((each) => ({ ...each, pool: "primary" }));
    const wrong = await audit(layout, buildLayout(t, { pools: zephyrus.pools.slice(0, 1), subvolumes: merged }));
    assert.deepEqual(notHolding(wrong, "violated"), [
      "secondary filesystem_options",
      "@containers pool",
      "@cache pool",
      "@tmp pool",
    ]);
  });

  it("is judged only where it is used: a database on a laptop", async (t) => {
    const required = { ...yoga, subvolumes: yoga.subvolumes.filter(({ presence }) => presence === "required") };
    const built = buildLayout(t, required);
    assert.deepEqual(notHolding(await audit(yoga, built), "violated"), []);
    const data = join(built.root, "var/lib/postgresql");
    mkdirSync(data, { recursive: true });
    assert.deepEqual(notHolding(await audit(yoga, built), "violated"), [], "an empty directory is no database");
    writeFileSync(join(data, "PG_VERSION"), "15\n");
    const violated = notHolding(await audit(yoga, built), "violated");
    assert.deepEqual(
      violated,
      ["exists", "mounted", "copy_on_write", "compression"].map((rule) => `@postgresql ${rule}`),
    );
  });

  it("sees without privileges what anybody may see, and says of the rest that it is unknown", async (t) => {
    const built = buildLayout(t, hetzner);
    chmodSync(join(built.top, ".."), 0o755);
    chmodSync(built.top, 0o755);
    chmodSync(join(built.root, "var/lib/postgresql"), 0o700);
    const asNobody: Execute = (call) =>
      execute({ ...call, argv: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", ...call.argv] });
    const findings = await audit(hetzner, built, asNobody);
    assert.deepEqual(notHolding(findings, "violated"), []);
    assert.deepEqual(
      notHolding(findings, "unknown").filter((each) => !unmounted.includes(each)),
      [
        "@config exists",
        "@local exists",
        "@user-cache exists",
        "@ai-tools exists",
        "@postgresql copy_on_write",
        "@postgresql compression",
        "@postgresql whole",
        "@redis whole",
      ],
    );
    const finding = findings.find(({ subject, rule }) => subject === "@postgresql" && rule === "copy_on_write");
    assert.ok(finding?.state === "unknown");
    assert.match(finding.why, /Permission denied: run it as root/);
  });

  it("says that a tool is missing instead of guessing", async (t) => {
    const built = buildLayout(t, hetzner);
    const without: Execute = (call) =>
      execute(call.argv[0] === "lsattr" ? { ...call, argv: ["lsattr-is-not-here", ...call.argv.slice(1)] } : call);
    const findings = await audit(hetzner, built, without);
    assert.deepEqual(notHolding(findings, "violated"), []);
    const finding = findings.find(({ subject, rule }) => subject === "@redis" && rule === "copy_on_write");
    assert.ok(finding?.state === "unknown");
    assert.match(finding.why, /is not installed/);
  });
});

describe("pantheros audit on a real Btrfs", { ...needs("root", "btrfs"), timeout: 120_000 }, () => {
  it("tells by its exit code what it found, and its commands mend it", async (t) => {
    const places = ["@config", "@local", "@user-cache", "@ai-tools"].map(
      (name) => [name, { mountPoint: `/people/${name}` }] as const,
    );
    const built = buildLayout(t, withOwn(hetzner, Object.fromEntries(places)));
    const configuration = places
      .map(([name, { mountPoint }]) => `    "${name}": { mount_point: "${mountPoint}" }\n`)
      .join("");
    const config = join(temporaryDirectory(t), "pantheros.yaml");
    writeFileSync(config, `host: server\nlayout:\n  profile: hetzner\n  subvolumes:\n${configuration}`);
    const audited = () => runPantheros(t, config, ["audit", "--root", built.root]);

    const right = await audited();
    assert.equal(right.code, 0, right.stdout);
    assert.match(right.stdout, /^\d+ rules: \d+ hold, none violated, none unknown$/m);

    run("chattr", "-C", join(built.root, "var/lib/redis"));
    // A database that is still where it was before there was a subvolume for it.
    run("umount", join(built.root, "var/lib/postgresql"));
    run("btrfs", "subvolume", "delete", join(built.top, "@postgresql"));
    writeFileSync(join(built.root, "var/lib/postgresql/PG_VERSION"), "15\n");
    const wrong = await audited();
    assert.equal(wrong.code, 1);
    const printed = [...wrong.stdout.matchAll(/^ {4}(\S.*?)(?: &&)?$/gm)].map(([, command]) => command);
    run("sh", "-ec", printed.join("\n"));
    assert.equal((await audited()).code, 0);
    assert.equal(readFileSync(join(built.root, "var/lib/postgresql/PG_VERSION"), "utf8"), "15\n");

    run("umount", join(built.root, "people/@config"));
    writeFileSync(config, "host: server\nlayout:\n  profile: hetzner\n");
    assert.equal((await audited()).code, 3, "nothing is violated, and not everything could be seen");
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { invoke } from "./invoke.ts";

/** A restic that is killed at work, which is slow: its exclusive lock stays. */
async function holdAndDie(t: TestContext, directory: string): Promise<void> {
  const env = { ...process.env, RESTIC_PASSWORD_FILE: join(directory, "restic.password") };
  const words = ["-r", join(directory, "repo"), "--no-cache", "check", "--read-data", "--limit-download=50"];
  const holder = spawn("restic", words, { env, stdio: "ignore" });
  t.after(() => holder.kill("SIGKILL"));
  const locks = join(directory, "repo/locks");
  await eventually("restic to take its lock", () => readdirSync(locks).some((file) => /^[0-9a-f]{64}$/.test(file)));
  holder.kill("SIGKILL");
  await once(holder, "exit");
}

function init(directory: string, ...words: string[]) {
  return invoke(["init", "--output", "p.yaml", "--state-directory", "state", ...words], { directory });
}

describe("pantheros init", () => {
  it("writes a configuration that passes config check, and a password that only its owner can read", async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, 'my "docs" #1'));
    const { code, stdout } = await init(
      directory,
      "--source",
      'my "docs" #1',
      "--repository",
      "repo",
      "--host",
      "Laptop.local",
    );
    assert.equal(code, 0);
    assert.match(
      stdout,
      /\n {2}pantheros run backup --config \S+p\.yaml\n/,
      "where it is not found by itself, it is named",
    );
    const checked = await invoke(["config", "check", "-c", "p.yaml"], { directory });
    assert.match(checked.stdout, /no problems \(1 job, 0 subvolumes\)/);
    const shown = JSON.parse((await invoke(["config", "show", "--json", "-c", "p.yaml"], { directory })).stdout);
    assert.equal(shown.host, "Laptop");
    const uses = shown.jobs.backup.steps.map((step: { uses: string }) => step.uses);
    assert.deepEqual(uses, ["restic.unlock", "backup.restic", "forget.restic"]);
    assert.equal(shown.jobs.backup.steps[1].from, join(directory, 'my "docs" #1'));
    assert.equal(shown.repositories.main.repository, join(directory, "repo"));
    const named = /\$schema=(\S+)/.exec(readFileSync(join(directory, "p.yaml"), "utf8"))?.[1];
    const schema = JSON.parse(readFileSync(join(directory, named ?? ""), "utf8"));
    assert.ok(schema.properties.jobs, "editors find the schema that the configuration names");
    const password = join(directory, "restic.password");
    assert.equal(statSync(password).mode & 0o777, 0o600);
    assert.match(readFileSync(password, "utf8"), /^[\w-]{43}\n$/);
    assert.equal(
      readFileSync(join(directory, "p.yaml"), "utf8").includes(readFileSync(password, "utf8").trim()),
      false,
    );
  });

  it("says that what it is to save is not there yet, and names no configuration that is found by itself", async (t) => {
    const directory = temporaryDirectory(t);
    const words = ["--output", "pantheros.yaml", "--source", "docs", "--repository", "repo"];
    const early = await init(directory, ...words);
    assert.equal(early.code, 0);
    assert.match(early.stderr, /docs is not there yet: until it is, the job fails \(source\)/);
    assert.match(early.stdout, /\n {2}pantheros run backup\n/);
    mkdirSync(join(directory, "docs"));
    assert.doesNotMatch((await init(directory, ...words, "--force")).stderr, /not there/);
  });

  it("snapshots what is a Btrfs subvolume", needs("root", "btrfs"), async (t) => {
    const directory = temporaryDirectory(t);
    const source = createSubvolume(mountBtrfs(t), "home");
    await init(directory, "--source", source, "--repository", "repo");
    const { stdout } = await invoke(["config", "check", "-c", "p.yaml"], { directory });
    assert.match(stdout, /no problems \(1 job, 1 subvolume\)/);
    assert.match(
      readFileSync(join(directory, "p.yaml"), "utf8"),
      /uses: snapshot\.btrfs.*(?:\n.*)+from: "\$\{snap\.path\}"/,
    );
  });

  it(
    "makes a job that saves again after a restic was killed: its lock stops no later run",
    needs("restic"),
    async (t) => {
      const directory = temporaryDirectory(t);
      mkdirSync(join(directory, "docs"));
      writeFileSync(join(directory, "docs/noise"), randomBytes(2 * 1024 * 1024));
      await init(directory, "--source", "docs", "--repository", "repo");
      const run = async () => (await invoke(["run", "backup", "-c", "p.yaml"], { directory })).code;
      assert.equal(await run(), 0, "the first one creates the repository");
      await holdAndDie(t, directory);
      assert.equal(await run(), 0);
    },
  );

  it("names the files of the keys of a bucket, and who asks for them", async (t) => {
    const directory = temporaryDirectory(t);
    for (const [place, variables] of [
      ["s3:https://s3.example.org/bucket", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]],
      ["b2:bucket:host", ["B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"]],
      ["repo", []],
    ] as const) {
      const { stdout } = await init(directory, "--force", "--source", "docs", "--repository", place);
      assert.equal(
        /next:\n {2}pantheros secrets init --config \S+\n {2}pantheros doctor/.test(stdout),
        variables.length > 0,
      );
      const shown = JSON.parse((await invoke(["config", "show", "--json", "-c", "p.yaml"], { directory })).stdout);
      assert.deepEqual(Object.keys(shown.repositories.main.environment), variables);
      const secrets = await invoke(["secrets", "-c", "p.yaml"], { directory });
      assert.equal(secrets.code, variables.length > 0 ? 1 : 0, "until they are there, they are missing");
    }
  });

  it("overwrites neither a configuration nor a password", async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, "restic.password"), "mine\n", { mode: 0o600 });
    assert.equal((await init(directory, "--source", "/home", "--repository", "r")).code, 0);
    const again = await init(directory, "--source", "/srv", "--repository", "r");
    assert.equal(again.code, 2);
    assert.match(again.stderr, /exists already\n.*--force/);
    assert.equal((await init(directory, "--source", "/srv", "--repository", "r", "--force")).code, 0);
    assert.match(readFileSync(join(directory, "p.yaml"), "utf8"), /from: "\/srv"/);
    assert.equal(readFileSync(join(directory, "restic.password"), "utf8"), "mine\n");
  });

  it("says which option is missing where there is no terminal to ask on", async (t) => {
    const { code, stderr } = await init(temporaryDirectory(t));
    assert.equal(code, 2);
    assert.match(stderr, /no terminal to ask on: give --source/);
  });
});

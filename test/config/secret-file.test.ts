import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { inspect, promisify } from "node:util";
import { readSecret } from "../../src/config/secret.ts";
import { generateSecret, makeSecretFolder, writeSecretFile } from "../../src/config/secret-file.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { fillUp, mountTmpfs, remount } from "../support/tmpfs.ts";

const value = "correct horse battery staple";

function refused(write: () => void): StepError {
  try {
    write();
  } catch (error) {
    assert.ok(error instanceof StepError, inspect(error));
    assert.ok(error.details.advice);
    assert.doesNotMatch(inspect(error, { depth: 8 }), /correct horse/);
    return error;
  }
  throw new Error("it was written");
}

describe("the file of a secret", () => {
  it("is for its owner only whatever the umask, and read back as it was", (t) => {
    const file = join(temporaryDirectory(t), "key");
    const before = process.umask(0);
    t.after(() => process.umask(before));
    for (const [mask, text] of [
      [0o000, value],
      [0o277, "two\nlines\n"],
    ] as const) {
      process.umask(mask);
      writeSecretFile(file, text, { replace: true });
      assert.equal(statSync(file).mode & 0o7777, 0o600);
      assert.equal(readSecret({ file }, { env: {} }).reveal(), text);
    }
  });

  it("lies alone: nothing else is left in the folder", (t) => {
    const folder = temporaryDirectory(t);
    writeSecretFile(join(folder, "key"), value);
    assert.deepEqual(readdirSync(folder), ["key"]);
  });

  it("is not overwritten unless that is asked for", (t) => {
    const file = join(temporaryDirectory(t), "key");
    writeSecretFile(file, value);
    assert.match(refused(() => writeSecretFile(file, "other")).message, /exists already, and is left as it is$/);
    assert.equal(readFileSync(file, "utf8"), `${value}\n`);
    writeSecretFile(file, "other", { replace: true });
    assert.equal(readFileSync(file, "utf8"), "other\n");
  });

  it("belongs to one of several that write it at the same moment", async (t) => {
    const folder = temporaryDirectory(t);
    const module = JSON.stringify(join(import.meta.dirname, "../../src/config/secret-file.ts"));
    // Each tells which of a hundred files it has made.
    const script = `import { writeSecretFile } from ${module};
      for (let file = 0; file < 100; file += 1) {
        try { writeSecretFile(${JSON.stringify(folder)} + "/" + file, process.argv[1]); console.log(file, process.argv[1]); }
        catch (error) { if (!/exists already/.test(error.message)) throw error; }
      }`;
    const writers = ["a", "b", "c"].map((name) =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", script, name], { timeout: 30_000 }),
    );
    const made = (await Promise.all(writers)).flatMap(({ stdout }) => stdout.trim().split("\n").filter(Boolean));
    assert.equal(made.length, 100);
    for (const line of made) {
      const [file = "", name] = line.split(" ");
      assert.equal(readFileSync(join(folder, file), "utf8"), `${name}\n`);
    }
  });

  it("keeps its owner, and the group that may read it, when it is replaced", needs("root"), (t) => {
    const file = join(temporaryDirectory(t), "key");
    writeFileSync(file, "old\n");
    chownSync(file, 12_345, 23_456);
    chmodSync(file, 0o644);
    writeSecretFile(file, value, { replace: true });
    const { uid, gid, mode } = statSync(file);
    assert.deepEqual([uid, gid, mode & 0o777], [12_345, 23_456, 0o640]);
  });

  for (const [what, make] of [
    ["a link", (path: string, folder: string) => symlinkSync(join(folder, "elsewhere"), path)],
    ["a folder", (path: string) => mkdirSync(path)],
    ["no regular file", (path: string) => execFileSync("mkfifo", [path])],
  ] as const) {
    it(`is not written where there is ${what}`, (t) => {
      const folder = temporaryDirectory(t);
      const file = join(folder, "key");
      make(file, folder);
      writeFileSync(join(folder, "elsewhere"), "theirs");
      const before = lstatSync(file).ino;
      const failure = refused(() => writeSecretFile(file, value, { replace: true }));
      assert.ok(failure.message.startsWith(`${file} is ${what}`), failure.message);
      assert.equal(lstatSync(file).ino, before);
      assert.equal(readFileSync(join(folder, "elsewhere"), "utf8"), "theirs");
      assert.equal(readdirSync(folder).length, 2);
    });
  }

  it("says which folder is missing, and makes none by itself", (t) => {
    const folder = join(temporaryDirectory(t), "a/b");
    const failure = refused(() => writeSecretFile(join(folder, "key"), value));
    assert.equal(failure.details.advice, `mkdir -p -m 700 ${folder}`);
    makeSecretFolder(folder);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    writeSecretFile(join(folder, "key"), value);
  });

  it("is not put where everybody could exchange it", (t) => {
    const folder = join(temporaryDirectory(t), "open");
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    assert.match(
      refused(() => writeSecretFile(join(folder, "key"), value)).message,
      /every user .* can exchange files/,
    );
    assert.deepEqual(readdirSync(folder), []);
    chmodSync(folder, 0o1777);
    writeSecretFile(join(folder, "key"), value);
  });

  it("stays as it was when the disk is full or read-only", needs("root"), (t) => {
    const folder = mountTmpfs(t, "256k");
    const file = join(folder, "key");
    writeSecretFile(file, "old");
    fillUp(folder);
    const full = refused(() => writeSecretFile(file, "x".repeat(50_000), { replace: true }));
    assert.equal(full.reason, "space");
    assert.match(full.message, /cannot be written: there is no space left; nothing was changed$/);
    remount(folder, "ro");
    assert.match(refused(() => writeSecretFile(file, value, { replace: true })).message, /file system is read-only/);
    assert.equal(readFileSync(file, "utf8"), "old\n");
    assert.deepEqual(readdirSync(folder).sort(), ["filler", "key"]);
  });

  it("takes away what a killed process has left half written, and nothing that is fresh or another's", (t) => {
    const folder = temporaryDirectory(t);
    const at = (name: string) => join(folder, name);
    for (const name of [".key.pantheros-old", ".key.pantheros-new", ".other.pantheros-old"])
      writeFileSync(at(name), "half");
    const hourAgo = Date.now() / 1000 - 3600;
    for (const name of [".key.pantheros-old", ".other.pantheros-old"]) utimesSync(at(name), hourAgo, hourAgo);
    writeSecretFile(at("key"), value);
    assert.deepEqual(readdirSync(folder).sort(), [".key.pantheros-new", ".other.pantheros-old", "key"]);
  });

  for (const [what, bad] of [
    ["empty", ""],
    ["a NUL character", "a\0b"],
    ["longer than 64 KiB", "x".repeat(64 * 1024)],
  ] as const) {
    it(`is never ${what}`, (t) => {
      const file = join(temporaryDirectory(t), "key");
      assert.match(refused(() => writeSecretFile(file, bad)).message, new RegExp(what));
      assert.equal(existsSync(file), false);
    });
  }
});

describe("a generated secret", () => {
  it("has 256 bits in letters that need no quotes, and is another one each time", () => {
    const made = new Set(Array.from({ length: 50 }, generateSecret));
    assert.equal(made.size, 50);
    for (const one of made) {
      assert.match(one, /^[\w-]{43}$/);
      assert.equal(Buffer.from(one, "base64url").length, 32);
    }
  });
});

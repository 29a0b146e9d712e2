import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import { readSecret, type SecretSources } from "../../src/config/secret.ts";
import { StepError } from "../../src/model/run/outcome.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";

const value = "correct horse battery staple";

function secretFile(t: TestContext, content: string | Uint8Array = `${value}\n`, mode = 0o600): string {
  const file = join(temporaryDirectory(t), "restic.password");
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

function refused(
  reference: Parameters<typeof readSecret>[0],
  sources: SecretSources = { env: {} },
): { message: string; advice: string | undefined } {
  try {
    readSecret(reference, sources);
  } catch (error) {
    assert.ok(error instanceof StepError && error.reason === "auth", String(error));
    assert.doesNotMatch(inspect(error, { depth: 5 }), /correct horse/);
    return { message: error.message, advice: error.details.advice };
  }
  throw new Error("it was accepted");
}

describe("a secret from a file", () => {
  it("is its text without the last newline, and never prints itself", (t) => {
    const file = secretFile(t);
    const secret = readSecret({ file }, { env: {} });
    assert.equal(secret.reveal(), value);
    assert.equal(secret.origin, `file ${file}`);
    assert.equal(`${secret} ${inspect(secret)} ${JSON.stringify(secret)}`.includes(value), false);
  });

  for (const [name, content, expected] of [
    ["one newline only is taken off", `${value}\n\n`, `${value}\n`],
    ["a Windows newline is one", `${value}\r\n`, value],
    ["spaces belong to it", ` ${value} `, ` ${value} `],
  ] as const) {
    it(name, (t) => assert.equal(readSecret({ file: secretFile(t, content) }, { env: {} }).reveal(), expected));
  }

  it("may be reached by a link, as secret stores publish them", (t) => {
    const link = join(temporaryDirectory(t), "link");
    symlinkSync(secretFile(t), link);
    assert.equal(readSecret({ file: link }, { env: {} }).reveal(), value);
  });

  for (const mode of [0o604, 0o602, 0o601, 0o644, 0o666]) {
    it(`is refused when others may open it (${mode.toString(8)})`, (t) => {
      const file = secretFile(t, value, mode);
      assert.deepEqual(refused({ file }), {
        message: `the secret from file ${file} cannot be used: every user of this machine can open ${file}`,
        advice: `chmod 600 ${file}, and renew the secret`,
      });
    });
  }

  for (const mode of [0o400, 0o600, 0o640, 0o440]) {
    it(`is accepted with mode ${mode.toString(8)}`, (t) =>
      assert.equal(readSecret({ file: secretFile(t, value, mode) }, { env: {} }).reveal(), value));
  }

  it("is refused when another user could exchange it", needs("root"), (t) => {
    const file = secretFile(t);
    chownSync(file, 12_345, 0);
    assert.match(refused({ file }).message, /belongs to user 12345, who could exchange it$/);
    assert.equal(refused({ file }).advice, `chown root ${file}`);
    assert.equal(readSecret({ file }, { env: {}, uid: 12_345 }).reveal(), value);
  });

  it("is refused when it is missing", (t) => {
    const file = join(temporaryDirectory(t), "none");
    assert.deepEqual(refused({ file }), {
      message: `the secret from file ${file} cannot be used: there is no file ${file}`,
      advice: `create it with: pantheros secrets init ${file}`,
    });
  });

  it("is refused when it is a folder, a pipe or a device", (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, "folder"), { mode: 0o700 });
    execFileSync("mkfifo", ["-m", "600", join(directory, "pipe")]);
    for (const file of [join(directory, "folder"), join(directory, "pipe"), "/dev/zero"]) {
      assert.match(refused({ file }).message, /is not a regular file$/);
    }
  });

  for (const [name, content, message] of [
    ["empty", "", /is empty$/],
    ["nothing but a newline", "\n", /is empty$/],
    ["larger than 64 KiB", "x".repeat(65_537), /is larger than 64 KiB$/],
    ["no text", Uint8Array.of(0xff, 0xfe, 1), /is not text in UTF-8$/],
    ["text with a NUL character", "a\0b", /holds a NUL character$/],
  ] as const) {
    it(`is refused when it is ${name}`, (t) =>
      assert.match(refused({ file: secretFile(t, content) }).message, message));
  }
});

describe("a secret from systemd", () => {
  it("is read from the folder of credentials", (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, "restic"), value, { mode: 0o400 });
    const secret = readSecret({ credential: "restic" }, { env: {}, credentialsDirectory: directory });
    assert.equal(secret.reveal(), value);
    assert.equal(secret.origin, "credential restic");
    assert.equal(readSecret({ credential: "restic" }, { env: { CREDENTIALS_DIRECTORY: directory } }).reveal(), value);
  });

  it("is refused where systemd passed none, and the line of the unit is named", () => {
    assert.deepEqual(refused({ credential: "restic" }), {
      message: "the secret from credential restic cannot be used: systemd passed no credentials to this process",
      advice: "add LoadCredential=restic:/path to its unit, or start it with systemctl",
    });
  });

  it("is refused where systemd passed others", (t) => {
    assert.match(
      refused({ credential: "restic" }, { env: {}, credentialsDirectory: temporaryDirectory(t) }).message,
      /there is no file .*\/restic$/,
    );
  });
});

describe("a secret from the environment", () => {
  it("is the variable's value as it is", () => {
    assert.equal(readSecret({ environment: "RESTIC" }, { env: { RESTIC: `${value}\n` } }).reveal(), `${value}\n`);
  });

  it("is refused when it is not set or empty", () => {
    assert.equal(
      refused({ environment: "RESTIC" }).message,
      "the secret from environment variable RESTIC cannot be used: it is not set",
    );
    assert.match(refused({ environment: "RESTIC" }, { env: { RESTIC: "" } }).message, /it is empty$/);
  });
});

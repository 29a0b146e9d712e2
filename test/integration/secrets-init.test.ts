import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { startInTerminal, type Terminal } from "../support/terminal.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const password = "korrektes Pferd, größer 🐴";

interface Desk extends Terminal {
  readonly folder: string;
  secret(name: string): string;
}

/** A person at a terminal who calls `pantheros secrets init`; the state of the terminal is printed before and after. */
function sitDown(
  t: TestContext,
  words: readonly string[] = [],
  prepare: (folder: string) => void = () => undefined,
): Desk {
  const root = temporaryDirectory(t);
  const folder = join(root, "secrets");
  mkdirSync(folder, { mode: 0o700 });
  const configuration = {
    host: "desk",
    state_directory: join(root, "state"),
    repositories: {
      main: {
        repository: "/srv/restic",
        password: { file: join(folder, "restic.password") },
        environment: { AWS_SECRET_ACCESS_KEY: { file: join(folder, "b2.key") } },
      },
    },
  };
  writeFileSync(join(root, "p.yaml"), JSON.stringify(configuration));
  prepare(folder);
  const script = 'stty -g; "$@"; echo "ended with $?"; stty -g';
  const command = [process.execPath, main, "secrets", "init", ...words, "--config", join(root, "p.yaml")];
  return {
    ...startInTerminal(t, ["sh", "-c", script, "sh", ...command]),
    folder,
    secret: (name) => readFileSync(join(folder, name), "utf8"),
  };
}

/** What the terminal was like before and after, as `stty -g` writes it. */
function assertTerminalRestored({ shown }: Desk): void {
  const states = shown().match(/^[0-9a-f:]{40,}\r?$/gm) ?? [];
  assert.equal(states.length, 2, shown());
  assert.equal(states[0], states[1], "the terminal is as it was");
}

describe("pantheros secrets init at a terminal", {
  skip: onPath("python3") === null && "missing here: python3",
  timeout: 120_000,
}, () => {
  it("asks for what is missing, shows nothing of it, and writes it for the owner only", async (t) => {
    const desk = sitDown(t);
    await desk.waitFor(/generate a strong one\? \[Y\/n\] /);
    desk.type("n\r");
    await desk.waitFor(/value \(not shown; .*\): /);
    desk.type(`${password}\r`);
    await desk.waitFor(/once more, .*: /);
    desk.type(`${password}\r`);
    await desk.waitFor(/created .*restic\.password/);
    await desk.waitFor(/value \(not shown; .*\): /);
    desk.type("K005-key\r");
    await desk.waitFor(/8 characters/);
    await desk.waitFor(/ended with 0/);
    await desk.ended;
    assert.equal(desk.secret("restic.password"), `${password}\n`);
    assert.equal(desk.secret("b2.key"), "K005-key\n");
    assert.equal(statSync(join(desk.folder, "restic.password")).mode & 0o7777, 0o600);
    assert.deepEqual(readdirSync(desk.folder).sort(), ["b2.key", "restic.password"]);
    assert.doesNotMatch(desk.shown(), /Pferd|K005/);
    assertTerminalRestored(desk);
  });

  it("generates a password, and says loudly what depends on it", async (t) => {
    const desk = sitDown(t, ["restic.password"]);
    await desk.waitFor(/generate a strong one\? \[Y\/n\] /);
    desk.type("\r");
    await desk.waitFor(/KEEP A COPY .* ELSEWHERE[\s\S]*nobody can restore/);
    await desk.waitFor(/ended with 0/);
    await desk.ended;
    assert.match(desk.secret("restic.password"), /^[\w-]{43}\n$/);
    assert.equal(desk.shown().includes(desk.secret("restic.password").trim()), false);
  });

  it("takes what is corrected, pasted, typed ahead or sent by arrow keys for what was meant", async (t) => {
    const desk = sitDown(t, ["b2.key"]);
    // Before the question stands there: the terminal must not show it either, once the command has it.
    await desk.waitFor(/value \(not shown; .*\): /);
    desk.type("wrong\u0015K0x\u007f\u007f05\u001b[D\u001b[A-\u001b[200~ke\u001b[201~y🐴\u007f\r");
    await desk.waitFor(/7 characters/);
    await desk.ended;
    assert.equal(desk.secret("b2.key"), "K05-key\n");
    assert.doesNotMatch(desk.shown(), /wrong|K0|key🐴/);
  });

  it("asks again when the second entry differs", async (t) => {
    const desk = sitDown(t, ["restic.password"]);
    await desk.waitFor(/generate/);
    desk.type("n\r");
    await desk.waitFor(/value .*: /);
    // A paste of two lines at once.
    desk.type("first\rsecond\r");
    await desk.waitFor(/they differ: nothing was written/);
    await desk.waitFor(/value .*: /);
    assert.equal(existsSync(join(desk.folder, "restic.password")), false);
    desk.type("third\rthird\r");
    await desk.waitFor(/ended with 0/);
    assert.equal(desk.secret("restic.password"), "third\n");
    assert.doesNotMatch(desk.shown(), /first\b(?! )|second\r|third/);
  });

  for (const [key, name] of [
    ["\u0003", "Ctrl-C"],
    ["\u0004", "Ctrl-D"],
  ] as const) {
    it(`leaves nothing behind after ${name}, and the terminal as it was`, async (t) => {
      const desk = sitDown(t, ["b2.key"]);
      await desk.waitFor(/value .*: /);
      desk.type(name === "Ctrl-C" ? `half${key}` : key);
      await desk.waitFor(/ended with 130/);
      await desk.ended;
      assert.deepEqual(readdirSync(desk.folder), []);
      assert.doesNotMatch(desk.shown(), /half/);
      assertTerminalRestored(desk);
    });
  }

  it("never replaces what exists without being told to", async (t) => {
    const desk = sitDown(t, ["b2.key"], (folder) => writeFileSync(join(folder, "b2.key"), "mine\n", { mode: 0o600 }));
    await desk.waitFor(/it exists\. Replace it\? \[y\/N\] /);
    desk.type("\r");
    await desk.waitFor(/ended with 0/);
    assert.equal(desk.secret("b2.key"), "mine\n");
  });

  it("makes private what others can read", async (t) => {
    const desk = sitDown(t, ["b2.key"], (folder) => writeFileSync(join(folder, "b2.key"), "mine\n", { mode: 0o644 }));
    await desk.waitFor(/Make it private \(chmod 600\)\? \[Y\/n\] /);
    desk.type("\r");
    await desk.waitFor(/renew it/);
    await desk.waitFor(/ended with 0/);
    assert.equal(statSync(join(desk.folder, "b2.key")).mode & 0o777, 0o600);
    assert.equal(desk.secret("b2.key"), "mine\n");
  });

  it("will not let a value be typed where it would be shown", async (t) => {
    const desk = sitDown(t, ["b2.key", "--from-stdin"]);
    await desk.waitFor(/would be shown/);
    await desk.waitFor(/ended with 2/);
  });
});

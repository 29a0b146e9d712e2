import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";

const root = join(import.meta.dirname, "../..");
const readme = readFileSync(join(root, "README.md"), "utf8");

interface Block {
  readonly language: string;
  readonly code: string;
  /** Why it is not run, where it says so in a comment right before it. */
  readonly reason: string | null;
}

function blocks(markdown: string): Block[] {
  const pattern = /(?:<!-- not run here: ([^>]+) -->\n)?^```(\w+)\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(pattern)].map(([, reason, language, code]) => ({
    language: language ?? "",
    code: code ?? "",
    reason: reason ?? null,
  }));
}

describe("README.md", () => {
  it("says of every shell block that is not executed why not", () => {
    const shell = blocks(readme).filter(({ language }) => language === "sh");
    assert.ok(shell.length >= 4);
    assert.ok(shell.some(({ reason }) => reason === null));
    for (const { reason } of shell) if (reason !== null) assert.ok(reason.trim().length > 10, reason);
  });

  it("says what happens: its shell blocks run one after the other", needs("restic"), (t) => {
    const directory = temporaryDirectory(t);
    const bin = join(directory, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "pantheros"), `#!/bin/sh\nexec ${process.execPath} ${join(root, "src/main.ts")} "$@"\n`);
    chmodSync(join(bin, "pantheros"), 0o755);
    mkdirSync(join(directory, "documents"));
    writeFileSync(join(directory, "documents", "letter.txt"), "Dear reader\n".repeat(100));
    const script = blocks(readme)
      .filter(({ language, reason }) => language === "sh" && reason === null)
      .map(({ code }) => code)
      .join("\n");

    const output = execFileSync("bash", ["-euxc", script], {
      cwd: directory,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
      env: { PATH: `${bin}:${process.env["PATH"]}`, HOME: directory, LANG: "C.UTF-8" },
    });

    assert.match(output, /no problems \(1 job,/);
    assert.match(output, /backup: success in/);
    assert.match(output, /repository main +1 /);
    assert.match(output, /repository main +kept, nothing owed +1 /);
    assert.match(output, /data +recovery point \(RPO\) +at most 1d 2h .* holds +job backup: seen at /);
    // What is pasted has the columns that are printed.
    const titles = (text: string) => text.split("\n").map((line) => line.split(/ {2,}/).join(" "));
    for (const { code } of blocks(readme).filter(({ language }) => language === "text"))
      assert.ok(titles(output).includes(titles(code)[0] ?? ""), code.split("\n")[0]);
  });

  it("shows a configuration that is accepted", (t) => {
    const directory = temporaryDirectory(t);
    const yaml = blocks(readme).filter(({ language }) => language === "yaml");
    assert.equal(yaml.length, 1);
    for (const [index, { code }] of yaml.entries()) {
      const file = join(directory, `${index}.yaml`);
      writeFileSync(file, code);
      const output = execFileSync(process.execPath, [join(root, "src/main.ts"), "config", "check", "--config", file], {
        encoding: "utf8",
      });
      assert.match(output, /no problems/);
    }
  });

  it("links only to files that exist", () => {
    for (const [, target] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      assert.doesNotThrow(() => execFileSync("test", ["-e", join(root, target ?? "")]), `${target} is not there`);
    }
  });
});

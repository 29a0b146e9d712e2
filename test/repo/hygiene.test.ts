import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

const root = join(import.meta.dirname, "../..");

/** What is in git, or would be with the next `git add`. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(root, file)));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const self = "test/repo/hygiene.test.ts";
const withoutThisFile = files.filter((file) => file !== self);
const tests = withoutThisFile.filter((file) => file.endsWith(".test.ts"));

/** Files in which a line matches, as `file:line`. */
function matches(pattern: RegExp, among: readonly string[] = files): string[] {
  return among.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

describe("what is committed", () => {
  it("names no path of the machine on which it was made", () => {
    const outside = [root, homedir()].filter((path) => path.split("/").length > 2);
    const escaped = outside.map((path) => path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    // A folder directly below /, such as /root or /src, is too common a word to look for.
    if (escaped.length > 0) assert.deepEqual(matches(new RegExp(escaped.join("|")), withoutThisFile), []);
  });

  it("takes its packages from whatever registry the machine uses", () => {
    const lock: { packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }> } =
      JSON.parse(read("package-lock.json"));
    for (const [name, entry] of Object.entries(lock.packages)) assert.equal(entry.resolved, undefined, name);
    assert.deepEqual(
      files.filter((file) => /(^|\/)(\.npmrc|pip\.conf|sources\.list)$/.test(file)),
      [],
    );
    assert.deepEqual(matches(/registry\s*=\s*https?:|--(index-url|registry)\b|_authToken/, withoutThisFile), []);
  });

  it("has a complete lock file: npm ci refuses one that lacks a platform's package", () => {
    const { packages }: { packages: Record<string, { optionalDependencies?: Record<string, string> }> } = JSON.parse(
      read("package-lock.json"),
    );
    for (const [path, entry] of Object.entries(packages)) {
      for (const name of Object.keys(entry.optionalDependencies ?? {})) {
        assert.ok(packages[`${path}/node_modules/${name}`] ?? packages[`node_modules/${name}`], `${path} → ${name}`);
      }
    }
  });

  it("holds no secret that looks like one, except where secrets are what is tested", () => {
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA|ghp_|glpat-)[0-9A-Za-z_-]{16}/;
    assert.deepEqual(
      matches(
        key,
        files.filter((file) => !file.startsWith("test/")),
      ),
      [],
    );
  });

  it("ends every text with a newline, and no line with a space", () => {
    const text = files.filter(
      (file) => /\.(ts|cjs|sh|md|json|ya?ml)$|(^|\/)(Makefile|run)$/.test(file) && !/fixtures|golden/.test(file),
    );
    assert.deepEqual(matches(/[ \t]+$/, text), []);
    assert.deepEqual(
      text.filter((file) => !read(file).endsWith("\n")),
      [],
    );
  });
});

describe("what is written about the code", () => {
  it("names no file that is not there", () => {
    const rooms = readdirSync(join(root, "src")).join("|");
    const path = new RegExp(
      `(?<![\\w/.$}{*-])(?:src|test|setup|bench|docs|examples|monitors|dashboards|${rooms})/[\\w./-]+\\.(?:ts|md|sh|ya?ml)\\b`,
      "g",
    );
    const prose = (file: string) =>
      file.endsWith(".md") ? read(file) : (read(file).match(/^\s*(\/\/|\/?\*).*$/gm) ?? []).join("\n");
    const written = withoutThisFile.filter((file) => /\.(md|ts)$/.test(file) && !/fixtures|golden/.test(file));
    const missing = written.flatMap((file) =>
      (prose(file).match(path) ?? [])
        .filter((name) => ![name, join("src", name)].some((place) => existsSync(join(root, place))))
        .map((name) => `${file}: ${name}`),
    );
    assert.deepEqual(missing, []);
  });
});

describe("every test file", () => {
  it("asserts something, or runs a contract that does", () => {
    assert.deepEqual(
      tests.filter((file) => !/\bassert\b[.(]|from "[./]+\/contract\//.test(read(file))),
      [],
    );
  });

  it("runs as a whole: nothing is singled out, nothing is left for later", () => {
    assert.deepEqual(matches(/\b(describe|it|test|suite)\.(only|todo)\b|\b(only|todo): true/, tests), []);
  });

  it("ends processes by their id and waits for what it needs", () => {
    assert.deepEqual(matches(/\b(pkill|killall)\b/, tests), []);
  });
});

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { temporaryDirectory } from "../support/directory.ts";
import { type Answer, invoke } from "./invoke.ts";

const value = "correct horse battery staple";

/** A configuration with a secret of every kind, in sections, in a step's options and variables, in a hook. */
function createDesk(t: TestContext) {
  const folder = temporaryDirectory(t);
  const at = (name: string) => join(folder, "secrets", name);
  mkdirSync(join(folder, "secrets"), { mode: 0o700 });
  const configuration = {
    host: "desk",
    state_directory: join(folder, "state"),
    repositories: {
      main: {
        repository: "/srv/restic",
        password: { file: at("restic.password") },
        environment: { AWS_SECRET_ACCESS_KEY: { file: at("b2.key") }, AWS_REGION: "eu" },
      },
    },
    destinations: {
      offsite: {
        type: "s3",
        endpoint: "https://s3.example.org",
        bucket: "b",
        access_key_id: { environment: "B2_KEY_ID" },
        secret_access_key: { file: at("b2.key") },
      },
    },
    outputs: { prometheus: { token: { credential: "scrape" } } },
    jobs: {
      nightly: {
        scheduler: "external",
        hooks: [{ url: { file: at("ping") }, style: "healthchecks" }],
        steps: [
          { uses: "command", argv: ["true"], environment: { API_TOKEN: { file: at("api") } } },
          { uses: "hook.http", url: { file: at("end/ping") }, headers: { Authorization: { file: at("bearer") } } },
        ],
      },
    },
  };
  writeFileSync(join(folder, "p.yaml"), JSON.stringify(configuration));
  return {
    at,
    async call(words: readonly string[], options: { stdin?: string | Buffer; environment?: NodeJS.ProcessEnv } = {}) {
      const { stdin, environment = {} } = options;
      const answer = await invoke(["secrets", ...words, "--config", join(folder, "p.yaml")], {
        environment,
        ...(stdin === undefined ? {} : { stdin: Readable.from([Buffer.from(stdin)]) }),
      });
      assert.doesNotMatch(answer.stdout + answer.stderr, /correct horse/);
      return answer;
    },
  };
}

const listed = ({ stdout }: Answer): readonly Record<string, unknown>[] => JSON.parse(stdout);

describe("pantheros secrets", () => {
  it("finds every secret once, wherever the configuration names it, and who uses it", async (t) => {
    const { call } = createDesk(t);
    const answer = await call(["--json"]);
    assert.equal(answer.code, 1);
    assert.deepEqual(
      listed(answer).map(({ name, used_by: usedBy }) => [name, usedBy]),
      [
        ["restic.password", ["repositories.main.password"]],
        ["b2.key", ["repositories.main.environment.AWS_SECRET_ACCESS_KEY", "destinations.offsite.secret_access_key"]],
        ["B2_KEY_ID", ["destinations.offsite.access_key_id"]],
        [fileOf(answer, "ping"), ["jobs.nightly.hooks[0].url"]],
        ["api", ["jobs.nightly.steps[0].environment.API_TOKEN"]],
        ["scrape", ["outputs.prometheus.token"]],
        [fileOf(answer, "end/ping"), ["jobs.nightly.steps[1].url"]],
        ["bearer", ["jobs.nightly.steps[1].headers.Authorization"]],
      ],
    );
  });

  it("says what is wrong with each, and what to do", async (t) => {
    const { call, at } = createDesk(t);
    writeFileSync(at("restic.password"), value, { mode: 0o600 });
    writeFileSync(at("b2.key"), value);
    chmodSync(at("b2.key"), 0o644);
    writeFileSync(at("api"), "", { mode: 0o600 });
    const { stdout, code } = await call([]);
    assert.equal(code, 1);
    for (const line of [
      /^restic\.password +ok +\S+restic\.password +repositories\.main\.password$/m,
      /^b2\.key +open to others /m,
      /^api +empty /m,
      /^bearer +missing /m,
      /^B2_KEY_ID +elsewhere +\$B2_KEY_ID /m,
      /^scrape +elsewhere +credential scrape /m,
      /^ {2}create the missing ones: pantheros secrets init$/m,
      /^ {2}b2\.key: every user of this machine can open \S+\n {4}→ chmod 600 /m,
      /^ {4}→ in the unit: LoadCredential=scrape:\/etc\/pantheros\/scrape$/m,
    ]) {
      assert.match(stdout, line);
    }
  });

  it("is content when all that can be seen from here can be used", async (t) => {
    const { call, at } = createDesk(t);
    mkdirSync(at("end"));
    for (const name of ["restic.password", "b2.key", "ping", "api", "end/ping", "bearer"])
      writeFileSync(at(name), value, { mode: 0o600 });
    assert.equal((await call([], { environment: { B2_KEY_ID: "K005" } })).code, 0);
    assert.equal((await call(["check"], { environment: { CREDENTIALS_DIRECTORY: at("none") } })).code, 1);
  });
});

describe("pantheros secrets init without a terminal", () => {
  it("takes one value from standard input, less its last newline", async (t) => {
    const { call, at } = createDesk(t);
    const { code } = await call(["init", "b2.key", "--from-stdin"], { stdin: `${value}\r\n` });
    assert.equal(code, 0);
    assert.equal(readFileSync(at("b2.key"), "utf8"), `${value}\n`);
    assert.equal(statSync(at("b2.key")).mode & 0o777, 0o600);
  });

  it("knows a secret by its path and by its place in the configuration too", async (t) => {
    const { call, at } = createDesk(t);
    assert.equal((await call(["init", at("api"), "--from-stdin"], { stdin: value })).code, 0);
    assert.equal((await call(["init", "jobs.nightly.hooks[0].url", "--from-stdin"], { stdin: value })).code, 0);
    assert.ok(existsSync(at("api")) && existsSync(at("ping")));
  });

  it("replaces what exists with --force only", async (t) => {
    const { call, at } = createDesk(t);
    writeFileSync(at("b2.key"), "old\n", { mode: 0o600 });
    const refused = await call(["init", "b2.key", "--from-stdin"], { stdin: value });
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /exists already.*\n {2}→ to replace it: --force/);
    assert.equal(readFileSync(at("b2.key"), "utf8"), "old\n");
    const replaced = await call(["init", "b2.key", "--from-stdin", "--force", "--json"], { stdin: value });
    assert.deepEqual(listed(replaced), [{ name: "b2.key", file: at("b2.key"), action: "replaced" }]);
    assert.equal(readFileSync(at("b2.key"), "utf8"), `${value}\n`);
  });

  it("makes up what may be made up, and says what depends on it", async (t) => {
    const { call, at } = createDesk(t);
    const { code, stderr, stdout } = await call(["init", "--generate"]);
    assert.equal(code, 0);
    const made = readFileSync(at("restic.password"), "utf8").trim();
    assert.match(made, /^[\w-]{43}$/);
    assert.match(stderr, /KEEP A COPY OF \S+restic\.password ELSEWHERE/);
    assert.equal((stderr + stdout).includes(made), false);
    assert.equal(existsSync(at("b2.key")), false, "a key is given by others");
    assert.match((await call(["init", "b2.key", "--generate"])).stderr, /cannot be made up/);
  });

  it("never makes up another password for a repository that may have one", async (t) => {
    const { call, at } = createDesk(t);
    writeFileSync(at("restic.password"), "old\n", { mode: 0o600 });
    const { code, stderr } = await call(["init", "restic.password", "--generate", "--force"]);
    assert.equal(code, 2);
    assert.match(stderr, /a repository opens with the password that it was made with/);
    assert.equal(readFileSync(at("restic.password"), "utf8"), "old\n");
    writeFileSync(at("restic.password"), "");
    assert.equal((await call(["init", "--generate"])).code, 0, "an empty file holds none");
  });

  it("says what to type where there is nobody to ask", async (t) => {
    const { code, stderr } = await createDesk(t).call(["init"]);
    assert.equal(code, 2);
    assert.match(
      stderr,
      /no terminal to ask on for restic\.password, b2\.key, .*\n {2}→ pantheros secrets init NAME --from-stdin/,
    );
  });

  for (const [what, words, stdin, said] of [
    [
      "no secret of that name",
      ["init", "b2.kei", "--from-stdin"],
      "x",
      /there is no secret "b2\.kei": did you mean "b2\.key"\?/,
    ],
    [
      "a secret that is in no file",
      ["init", "scrape", "--from-stdin"],
      "x",
      /is read from no file\n {2}→ in the unit: LoadCredential=/,
    ],
    ["several secrets for one value", ["init", "b2.key", "api", "--from-stdin"], "x", /name the one secret/],
    ["an empty value", ["init", "b2.key", "--from-stdin"], "\n", /is empty\n {2}→ nothing was written/],
    ["bytes that are no text", ["init", "b2.key", "--from-stdin"], Buffer.from([0xff, 0xfe]), /not text in UTF-8/],
    ["far too much", ["init", "b2.key", "--from-stdin"], "x".repeat(200_000), /longer than 64 KiB/],
    ["another action", ["make"], "", /secrets make: /],
  ] as const) {
    it(`refuses ${what}`, async (t) => {
      const { call, at } = createDesk(t);
      const { code, stderr } = await call(words, { stdin });
      assert.notEqual(code, 0);
      assert.match(stderr, said);
      assert.equal(existsSync(at("b2.key")), false);
    });
  }
});

/** The file of a secret as the list has it. */
function fileOf(answer: Answer, end: string): string {
  const found = listed(answer).find(({ file }) => typeof file === "string" && file.endsWith(`/secrets/${end}`));
  return String(found?.["file"]);
}

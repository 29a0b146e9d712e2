import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatProblems } from "../../src/config/problems.ts";
import { lineOf, problemsOf, refusalOf } from "./sample.ts";

const host = "host: home\n";
const subvolumes = "subvolumes:\n  docs: { path: /data/docs, snapshots: /data/.snap }\n";
const shelf = "destinations:\n  shelf: { type: local, path: /shelf }\n";
/** Three lines, then steps from line 4 on. */
const job = (...steps: string[]) =>
  `${host}jobs:\n  home:\n    steps:\n${steps.map((step) => `      - ${step}\n`).join("")}${subvolumes}${shelf}`;

const reference = "write ${id.field}, ${run.timestamp}, ${run.id}, ${run.job} or ${host}; $${ stands for ${ itself";
const secretSources = "write one of {file: /path}, {credential: NAME}, {environment: NAME}";
const literal = "a literal secret is refused (put it into a file (0600) and write {file: /path/of/the/file})";

const table: Record<string, readonly [text: string, ...problems: string[]]> = {
  // Shape
  "a section that is missing": [
    "timezone: UTC\n",
    "1:1 host: is missing (This host's name, as the host label and tag of every series)",
  ],
  "an unknown section": [
    `${host}reposotories: {}\n`,
    '2:1 reposotories: unknown key "reposotories" (did you mean "repositories"?)',
  ],
  "an unknown key that is like no other": [
    `${host}journal: { zebra: 1 }\n`,
    '2:12 journal.zebra: unknown key "zebra" (there are: keep)',
  ],
  "a key that is there twice": [
    `${host}timezone: UTC\nhost: two\n`,
    '3:1 host: the key "host" is here for the second time; the first is at line 1, column 1 (keep one of them)',
  ],
  "a number for a text": ["host: 5\n", "1:7 host: must be a text, not the number 5 (put it into quotation marks)"],
  "a number for a duration": [
    `${host}jobs:\n  a: { deadline: 26, steps: [{ uses: sample.snapshot, subvolume: docs }] }\n${subvolumes}`,
    "3:18 jobs.a.deadline: not a duration: write it like 90s, 15m, 1h30m, 30d",
  ],
  "a list for a map": [`${host}jobs: [a]\n`, "2:7 jobs: must be a map of keys and values, not a list"],
  "an empty section": [`${host}jobs:\n`, "2:1 jobs: must be a map of keys and values, not empty"],
  "a text for yes or no": [
    `${host}outputs:\n  prometheus: { open: yes }\n`,
    "3:23 outputs.prometheus.open: must be true or false, not a text",
  ],
  "a fraction for a count": [
    `${host}retention:\n  std: { daily: 1.5 }\n`,
    "3:17 retention.std.daily: must be a whole number, not the number 1.5",
  ],
  "a negative count": [
    `${host}retention:\n  std: { last: 1, daily: -1 }\n`,
    "3:26 retention.std.daily: must be at least 0",
  ],
  "a word that is not among those allowed": [
    `${host}jobs:\n  a: { scheduler: sytemd, steps: [{ uses: sample.snapshot, subvolume: docs }] }\n${subvolumes}`,
    '3:19 jobs.a.scheduler: must be systemd, internal or external (did you mean "systemd"?)',
  ],
  "a kind of destination that does not exist": [
    `${host}destinations:\n  a: { type: lokal, path: /a }\n`,
    '3:14 destinations.a.type: must be s3 or local (did you mean "local"?)',
  ],
  "no kind of destination": [
    `${host}destinations:\n  a: { path: /a }\n`,
    "3:3 destinations.a.type: is missing (write s3 or local)",
  ],
  "a name that no metric, unit or path should carry": [
    `${host}subvolumes:\n  "-rf /": { path: /a, snapshots: /b }\n`,
    '3:3 subvolumes["-rf /"]: use letters, digits, dot, dash and underscore, start with a letter or digit, at most 63 characters',
  ],
  "a name that JavaScript takes for itself": [
    `${host}subvolumes:\n  __proto__: { path: /a, snapshots: /b }\n`,
    "3:3 subvolumes.__proto__: this name is taken by the language; use another",
  ],
  "a relative path": [
    `${host}subvolumes:\n  docs: { path: docs, snapshots: /b }\n`,
    "3:17 subvolumes.docs.path: must be an absolute path: begin it with a slash",
  ],
  "no duration": [
    `${host}journal: { keep: 30 days }\n`,
    "2:18 journal.keep: not a duration: write it like 90s, 15m, 1h30m, 30d",
  ],
  "a time limit of nothing": [
    `${host}collectors:\n  disk: { every: 0s }\n`,
    "3:18 collectors.disk.every: must be longer than nothing",
  ],
  "a job without steps": [`${host}jobs:\n  a: { steps: [] }\n`, "3:15 jobs.a.steps: must not be empty"],
  // Names
  "a retention policy that does not exist": [
    `${host}subvolumes:\n  docs: { path: /a, snapshots: /b, retention: standart }\nretention:\n  standard: { daily: 1 }\n`,
    '3:47 subvolumes.docs.retention: there is no retention policy "standart" (did you mean "standard"?)',
  ],
  "an objective for a job that does not exist": [
    `${host}objectives:\n  o: { jobs: [home] }\n`,
    '3:15 objectives.o.jobs[0]: there is no job "home" (declare it in the section jobs)',
  ],
  "a step for a subvolume that does not exist": [
    job("{ uses: sample.snapshot, subvolume: constructor }"),
    '5:45 jobs.home.steps[0].subvolume: there is no subvolume "constructor" (there are: docs)',
  ],
  "a step to a destination that does not exist": [
    job("{ uses: sample.copy, from: /a, to: shelv }"),
    '5:44 jobs.home.steps[0].to: there is no destination "shelv" (did you mean "shelf"?)',
  ],
  "a step that keeps by a policy that does not exist": [
    job("{ uses: sample.prune, subvolume: docs, keep: standard }"),
    '5:54 jobs.home.steps[0].keep: there is no retention policy "standard" (declare it in the section retention)',
  ],
  "a runner that does not exist": [
    job("{ uses: sample.snapshoot, subvolume: docs, from: /a }"),
    '5:17 jobs.home.steps[0].uses: there is no runner "sample.snapshoot" (did you mean "sample.snapshot"?)',
  ],
  "a step without a runner": [
    job("{ subvolume: docs }"),
    "5:9 jobs.home.steps[0].uses: is missing (The runner that does the work)",
  ],
  "an option that the runner does not have": [
    job("{ uses: sample.copy, from: /a, to: shelf, prefx: a }"),
    '5:51 jobs.home.steps[0].prefx: unknown key "prefx" of a step that uses sample.copy (did you mean "prefix"?)',
  ],
  "an option that is missing": [
    job("{ uses: sample.copy, to: shelf }"),
    "5:9 jobs.home.steps[0].from: is missing (Absolute path)",
  ],
  // References
  "a reference to a step that does not exist": [
    job(
      "{ id: snap, uses: sample.snapshot, subvolume: docs }",
      '{ uses: sample.copy, from: "${snpa.path}/x", to: shelf }',
    ),
    '6:36 jobs.home.steps[1].from: there is no step "snpa" before this one (did you mean "snap"?)',
  ],
  "a reference to a field that does not exist": [
    job(
      "{ id: snap, uses: sample.snapshot, subvolume: docs }",
      '{ uses: sample.copy, from: "${snap.pth}/x", to: shelf }',
    ),
    '6:36 jobs.home.steps[1].from: step snap has no field "pth" (did you mean "path"?)',
  ],
  "a reference to a later step": [
    job(
      '{ uses: sample.copy, from: "${snap.path}", to: shelf }',
      "{ id: snap, uses: sample.snapshot, subvolume: docs }",
    ),
    "5:36 jobs.home.steps[0].from: step snap comes later (put it before this one)",
  ],
  "a reference to itself": [
    job('{ id: me, uses: sample.copy, from: "${me.path}", to: shelf }'),
    "5:44 jobs.home.steps[0].from: step me refers to itself (refer to an earlier step)",
  ],
  "a reference to a list": [
    job(
      "{ id: snap, uses: sample.snapshot, subvolume: docs }",
      '{ uses: sample.copy, from: "/${snap.parents}", to: shelf }',
    ),
    "6:36 jobs.home.steps[1].from: snap.parents is neither text, number nor boolean and cannot be referred to",
  ],
  "a field of the run that does not exist": [
    job('{ uses: sample.copy, from: "/${run.timestmp}", to: shelf }'),
    '5:36 jobs.home.steps[0].from: a run has no field "timestmp" (did you mean "timestamp"?)',
  ],
  "what only looks like a reference": [
    job('{ uses: sample.copy, from: "/${HOME}", to: shelf }'),
    `5:36 jobs.home.steps[0].from: "\${HOME}" is not a reference (${reference})`,
  ],
  "a reference that never ends": [
    job('{ uses: sample.copy, from: "/${run.id", to: shelf }'),
    `5:36 jobs.home.steps[0].from: "\${run.id" is not a reference (${reference})`,
  ],
  "a reference where a name has to be checked": [
    job('{ uses: sample.snapshot, subvolume: "${host}" }'),
    "5:45 jobs.home.steps[0].subvolume: a name has to be written out here (name one of the subvolumes)",
  ],
  "a reference to a text where a number is wanted": [
    job(
      "{ id: snap, uses: sample.snapshot, subvolume: docs }",
      '{ uses: sample.copy, from: /a, to: shelf, limit: "${snap.path}" }',
    ),
    "6:58 jobs.home.steps[1].limit: must be a number, not a text",
  ],
  "a reference to a path where a name is wanted": [
    job(
      "{ id: snap, uses: sample.snapshot, subvolume: docs }",
      '{ uses: sample.copy, from: /a, to: shelf, label: "${snap.path}" }',
    ),
    "6:58 jobs.home.steps[1].label: letters only",
  ],
  // Rules
  "an id that is there twice": [
    job("{ id: a, uses: sample.snapshot, subvolume: docs }", "{ id: a, uses: sample.snapshot, subvolume: docs }"),
    '6:15 jobs.home.steps[1].id: steps[0] has the id "a" already (choose another id)',
  ],
  "an id that is reserved": [
    job("{ id: run, uses: sample.snapshot, subvolume: docs }"),
    "5:15 jobs.home.steps[0].id: run means something else in a reference (choose another id)",
  ],
  "a policy that keeps nothing": [
    `${host}retention:\n  none: { daily: 0, slack: 1d }\n`,
    "3:9 retention.none: this policy keeps nothing (set at least one of within, last, hourly, daily, weekly, monthly, yearly)",
  ],
  "a step that keeps nothing": [
    job("{ uses: sample.prune, subvolume: docs, keep: {} }"),
    "5:54 jobs.home.steps[0].keep: this policy keeps nothing (set at least one of within, last, hourly, daily, weekly, monthly, yearly)",
  ],
  "a subvolume inside the folder of its snapshots": [
    `${host}subvolumes:\n  docs: { path: /data/docs, snapshots: /data/ }\n`,
    "3:40 subvolumes.docs.snapshots: the subvolume lies in the folder of its own snapshots (name another folder on the same filesystem)",
  ],
  "a schedule that is none": [
    `${host}jobs:\n  a: { schedule: "0 2 * *", steps: [{ uses: sample.snapshot, subvolume: docs }] }\n${subvolumes}`,
    '3:18 jobs.a.schedule: the schedule "0 2 * *" has 4 fields instead of 5 (write minute, hour, day of month, month and day of week: 30 2 * * * is every day at 02:30)',
  ],
  "a timezone that does not exist": [
    `${host}timezone: Europe/Berlni\n`,
    '2:11 timezone: there is no timezone "Europe/Berlni" (did you mean "Europe/Berlin"?)',
  ],
  "a timezone that systemd does not know": [
    `${host}timezone: "+02:00"\n`,
    '2:11 timezone: there is no timezone "+02:00" (write an IANA name such as Europe/Berlin or UTC)',
  ],
  "an expected duration beyond the deadline": [
    `${host}jobs:\n  a: { deadline: 1h, expected_duration: 2h, steps: [{ uses: sample.snapshot, subvolume: docs }] }\n${subvolumes}`,
    "3:41 jobs.a.expected_duration: is longer than the deadline, at which the run is ended (raise the deadline)",
  ],
  "more offsite copies than copies": [
    `${job("{ uses: sample.snapshot, subvolume: docs }")}objectives:\n  o: { jobs: [home], copies: 1, offsite_copies: 2 }\n`,
    "11:49 objectives.o.offsite_copies: cannot be more than copies (1): offsite copies are some of them",
  ],
  "metrics for everybody": [
    `${host}outputs:\n  prometheus: { listen: "0.0.0.0:9471" }\n`,
    "3:25 outputs.prometheus.listen: other machines could read the metrics without showing a token (set token: {file: /path}, or open: true if that is meant)",
  ],
  "no address and port": [
    `${host}outputs:\n  prometheus: { listen: "9471" }\n`,
    "3:25 outputs.prometheus.listen: is not an address and a port (write 127.0.0.1:9471 or [::1]:9471)",
  ],
  // Secrets
  "a repository that only restic can look into, without its password": [
    `${host}repositories:\n  r: { repository: "s3:https://x/y" }\n`,
    "3:3 repositories.r.password: is required: without it only a folder or a REST server can be observed",
  ],
  "a policy for what is only observed": [
    `${host}retention:\n  p: { daily: 3 }\nrepositories:\n  r: { repository: "rest:https://x/", retention: p }\n`,
    "5:50 repositories.r.retention: cannot be judged without the password of the repository: snapshots are dated inside it (add password, or take retention out)",
  ],
  "a repository to be created without a password": [
    `${host}repositories:\n  r: { repository: /r, initialize: true }\n`,
    "3:36 repositories.r.initialize: cannot create a repository without a password (add password, or take initialize out)",
  ],
  "a literal password": [
    `${host}repositories:\n  r: { repository: /r, password: hunter22 }\n`,
    `3:34 repositories.r.password: ${literal}`,
  ],
  "a literal secret in the environment of restic": [
    `${host}repositories:\n  r:\n    repository: /r\n    password: { file: /p }\n    environment: { B2_ACCOUNT_KEY: hunter22 }\n`,
    `6:36 repositories.r.environment.B2_ACCOUNT_KEY: ${literal}`,
  ],
  "a secret from two places": [
    `${host}repositories:\n  r: { repository: /r, password: { file: /p, credential: p } }\n`,
    `3:34 repositories.r.password: a secret is read from exactly one of file, credential or environment (${secretSources})`,
  ],
  "a secret from a relative file": [
    `${host}repositories:\n  r: { repository: /r, password: { file: hunter22 } }\n`,
    `3:42 repositories.r.password.file: the file of a secret must be an absolute path (${secretSources})`,
  ],
  "a number in the environment of restic": [
    `${host}repositories:\n  r: { repository: /r, password: { file: /p }, environment: { LEVEL: 5 } }\n`,
    "3:70 repositories.r.environment.LEVEL: must be a text, not the number 5 (put it into quotation marks)",
  ],
  // YAML
  "a tab for indentation": [`${host}jobs:\n\ta: 1\n`, "3:1 : a tab cannot indent (use spaces)"],
  "a colon inside a value": [
    "host: a: b\n",
    "1:7 : a second key on the same line (put a value with a colon into quotation marks)",
  ],
  "two documents": [
    `${host}---\nhost: two\n`,
    "2:1 : a second document begins here (keep one document: remove this ---)",
  ],
  "a tag": ["host: !secret home\n", "1:7 : tags (!name) are not understood here (remove it)"],
  "YAML 1.1": [
    "%YAML 1.1\n---\nhost: no\n",
    '1:1 : YAML 1.1 reads words like "no" and "on" differently: YAML 1.2 is what is read here (remove the %YAML line)',
  ],
  "a merge key": [
    `${host}<<: { timezone: UTC }\n`,
    '2:1 ["<<"]: unknown key "<<" (there are: host, state_directory, scratch_directory, timezone, subvolumes, repositories, destinations, retention, jobs, objectives, accounts, cost, … (17))',
  ],
  "an alias for nothing": [
    "host: *home\n",
    "1:7 host: this alias stands for nothing: there is no such anchor before it (a text that begins with * needs quotation marks)",
  ],
  "a key that is no name": [
    `${host}? [a]\n: 1\n`,
    "2:3 : a key must be a plain name (write a plain name before the colon; a text that begins with { or [ needs quotation marks)",
  ],
  "a NUL character": [
    `${host}state_directory: "/a\\0"\n`,
    "2:18 state_directory: holds a NUL character, which no program can take",
  ],
};

describe("a configuration that is refused", () => {
  for (const [name, [text, ...expected]] of Object.entries(table)) {
    it(`says where and what: ${name}`, () => assert.deepEqual(problemsOf(text), expected));
  }

  it("refuses collectors that do not exist, when it is told which ones do", () => {
    const text = `${host}collectors:\n  dsik: { enabled: false }\n`;
    assert.deepEqual(problemsOf(text, { collectors: ["disk", "self"] }), [
      '3:3 collectors.dsik: there is no collector "dsik" (did you mean "disk"?)',
    ]);
  });

  it("names every problem at once, in the order of the file", () => {
    const error = refusalOf(
      "host: 5\nzebra: 1\nsubvolumes:\n  a: { path: a, snapshots: b, retention: x }\ntimezone: Nowhere\n",
    );
    assert.deepEqual(
      error.problems.map(({ line, column, path }) => `${line}:${column} ${path}`),
      [
        "1:7 host",
        "2:1 zebra",
        "4:14 subvolumes.a.path",
        "4:28 subvolumes.a.snapshots",
        "4:42 subvolumes.a.retention",
        "5:11 timezone",
      ],
    );
    assert.match(error.message, /^pantheros\.yaml:1:7: host: must be a text, not the number 5 \(and 5 more\)$/);
  });

  it("counts what it leaves out when there are more problems than anybody mends", () => {
    const error = refusalOf(host + Array.from({ length: 150 }, (_, index) => `zebra${index}: 1\n`).join(""));
    assert.equal(error.problems.length, 100);
    assert.equal(error.omitted, 50);
    assert.match(formatProblems(error, { colour: false }), /… and 50 more problems\n$/);
  });

  it("judges the first of two equal keys", () => {
    assert.deepEqual(
      refusalOf("timezone: Nowhere\nhost: home\ntimezone: UTC\n").problems.map(({ line, path }) => `${line} ${path}`),
      ["1 timezone", "3 timezone"],
    );
  });

  it("finds the place of a problem behind an alias", () => {
    const text = `${host}retention:\n  a: &a { daily: x }\n  b: *a\n`;
    assert.deepEqual(refusalOf(text).problems.map(lineOf), [
      "3:18 retention.a.daily: must be a number, not a text",
      "3:18 retention.b.daily: must be a number, not a text",
    ]);
  });
});

describe("problems in print", () => {
  it("look like a compiler's: place, message, line, mark and hint", () => {
    const error = refusalOf(
      `${host}subvolumes:\n  docs: { path: docs, snapshots: /b, retention: x }\nretention:\n  y: { daily: 1 }\n`,
    );
    assert.equal(
      formatProblems(error, { colour: false }),
      `pantheros.yaml:3:17: subvolumes.docs.path: must be an absolute path: begin it with a slash
    3 |   docs: { path: docs, snapshots: /b, retention: x }
      |                 ^~~~
pantheros.yaml:3:49: subvolumes.docs.retention: there is no retention policy "x"
    3 |   docs: { path: docs, snapshots: /b, retention: x }
      |                                                 ^
      = there are: y
`,
    );
  });

  it("show the line without its Windows ending", () => {
    assert.deepEqual(refusalOf("host: 5\r\ntimezone: UTC\r\n").problems[0]?.excerpt, {
      text: "host: 5",
      start: 6,
      length: 1,
    });
  });

  it("have colours on request only", () => {
    const error = refusalOf("host: 5\n");
    assert.ok(formatProblems(error, { colour: true }).includes("\u001b["));
    assert.ok(!formatProblems(error, { colour: false }).includes("\u001b"));
  });

  it("cut a long line around the mark", () => {
    const error = refusalOf(
      `${host}jobs: { ${"a: { steps: 1 }, ".repeat(1)}description: ${"x".repeat(5000)}, b: 1 }\n`,
    );
    for (const { excerpt } of error.problems) assert.ok((excerpt?.text.length ?? 0) < 200);
  });

  it("pass on nothing that a terminal would obey", () => {
    const printed = formatProblems(refusalOf('host: home\n"\\e]0;title\\a": 1\nzebra: a\u202eb\u009bc\n'), {
      colour: false,
    });
    for (const character of ["\u001b", "\u0007", "\u009b", "\u202e"]) assert.ok(!printed.includes(character));
  });
});

describe("what is left of a refused configuration", () => {
  it("is enough to journal and to tell the failure", () => {
    const { partial } = refusalOf(
      `${host}state_directory: /state\nzebra: 1\njobs:\n  home: 5\noutputs:\n  dogstatsd: { address: "udp://127.0.0.1:8125", zebra: 1 }\n`,
    );
    assert.deepEqual(partial, {
      host: "home",
      stateDirectory: "/state",
      dogstatsd: { address: "udp://127.0.0.1:8125", hostTag: true },
      jobs: ["home"],
    });
  });

  it("assumes nothing about the part of a text that could not be read", () => {
    assert.deepEqual(refusalOf("host: home\njobs:\n  a: 1\n b: [\n").partial.stateDirectory, undefined);
    assert.equal(refusalOf("host: home\nzebra: 1\n").partial.stateDirectory, "/var/lib/pantheros");
  });
});

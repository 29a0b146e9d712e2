import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { configurationHash } from "../../src/config/hash.ts";
import { formatConfig, redactedConfig } from "../../src/config/redacted.ts";
import { configuration } from "../../src/config/schema.ts";
import { parseDuration, writeDuration } from "../../src/model/quantity.ts";
import { load, sampleText } from "./sample.ts";

describe("the effective configuration in print", () => {
  it("shows references to secrets, and hides passwords in URLs", () => {
    const text = sampleText.replace("s3:https://s3.example.org", "rest:https://me:Tr0ub4dor@example.org");
    const { config } = load(text);
    const printed = formatConfig(config);
    assert.doesNotMatch(printed + JSON.stringify(redactedConfig(config)), /Tr0ub4dor/);
    assert.match(printed, /repository: rest:https:\/\/me:\[redacted\]@example\.org/);
    assert.match(printed, /file: \/etc\/pantheros\/restic\.password/);
    assert.equal(redactedConfig(config).repositories["offsite"]?.environment["AWS_ACCESS_KEY_ID"], "AKIDEXAMPLE");
  });

  it("hides variables of a step that sound like secrets", () => {
    const environment = { API_TOKEN: "Tr0ub4dor", TOKEN_FILE: "/p", LEVEL: "5" };
    const config = configuration.parse({ host: "home", jobs: { a: { steps: [{ uses: "x", environment }] } } });
    assert.deepEqual(redactedConfig(config).jobs["a"]?.steps[0]?.environment, {
      API_TOKEN: "[redacted]",
      TOKEN_FILE: "/p",
      LEVEL: "5",
    });
  });

  it("says what a person would have written, with every default", () => {
    const printed = formatConfig(load("host: home\nretention: { a: { within: 90m } }\n").config);
    assert.match(printed, /^host: home\nstate_directory: \/var\/lib\/pantheros\n/);
    assert.match(printed, /within: 1h30m\n/);
    assert.match(printed, /slack: 1d1h\n/);
    assert.match(printed, /keep: 400d\n/);
  });

  it("does not change when it is printed again", () => {
    const printed = formatConfig(load(sampleText).config);
    assert.equal(formatConfig(load(printed).config), printed);
  });
});

const name = fc.stringMatching(/^[a-z0-9][a-zA-Z0-9._-]{0,12}$/).filter((text) => text !== "__proto__");
const seconds = fc.oneof(
  fc.nat(10_000_000),
  fc.integer({ min: 1, max: 99_999 }).map((milliseconds) => milliseconds / 1000),
);
const duration = seconds.filter((amount) => amount > 0).map(writeDuration);
const path = fc
  .array(fc.stringMatching(/^[a-zA-Z0-9 _äß'"#:&*!-]{1,8}$/), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join("/")}`);
const secret = fc.oneof(
  path.map((file) => ({ file })),
  name.map((credential) => ({ credential })),
);
const policy = fc.record(
  { daily: fc.integer({ min: 1, max: 400 }), within: duration, slack: duration },
  { requiredKeys: ["daily"] },
);

/** Configurations as a person may write them, with names that refer to each other. */
const configurations = fc
  .record({
    host: name,
    state_directory: path,
    policies: fc.dictionary(name, policy, { minKeys: 1, maxKeys: 3 }),
    subvolumes: fc.array(name, { minLength: 1, maxLength: 3 }),
    folder: path,
    password: secret,
    jobs: fc.dictionary(
      name,
      fc.record(
        { description: fc.string(), deadline: duration, scheduler: fc.constantFrom("systemd", "internal", "external") },
        { requiredKeys: [] },
      ),
      { maxKeys: 3 },
    ),
    prefix: fc.string({ maxLength: 20 }).map((text) => text.replaceAll("$", "")),
    keep: policy,
  })
  .map(({ policies, folder, password, prefix, keep, ...parts }) => {
    const [retention] = Object.keys(policies);
    const [subvolume] = parts.subvolumes;
    const steps = [
      { id: "snap", uses: "sample.snapshot", subvolume },
      { uses: "sample.copy", from: "${snap.path}/a", to: "shelf", prefix, retries: { attempts: 2 } },
      { uses: "sample.prune", subvolume, keep },
      { uses: "sample.prune", subvolume, keep: retention },
    ];
    return {
      ...parts,
      subvolumes: Object.fromEntries(
        parts.subvolumes.map((key) => [key, { path: `${folder}/data`, snapshots: `${folder}/snapshots`, retention }]),
      ),
      repositories: { main: { repository: folder, password, environment: { AWS_SECRET_ACCESS_KEY: password } } },
      destinations: { shelf: { type: "local", path: folder } },
      retention: policies,
      jobs: Object.fromEntries(Object.entries(parts.jobs).map(([key, job]) => [key, { ...job, steps }])),
    };
  });

describe("a configuration that is printed and loaded again", () => {
  it("is the same", () => {
    fc.assert(
      fc.property(configurations, (written) => {
        const first = load(JSON.stringify(written));
        const again = load(formatConfig(first.config));
        assert.deepEqual(again.config, first.config);
        assert.equal(configurationHash(again.config), configurationHash(first.config));
      }),
      { numRuns: 200 },
    );
  });

  it("has durations that are read back to the same number", () => {
    const amounts = fc.oneof(fc.nat(2 ** 31), fc.double({ min: 1e-6, max: 1e9, noNaN: true }));
    fc.assert(fc.property(amounts, (amount) => assert.equal(parseDuration(writeDuration(amount)), amount)));
    assert.deepEqual([0, 90, 5400, 2_592_000, 0.25].map(writeDuration), ["0s", "1m30s", "1h30m", "30d", "0.25s"]);
  });
});

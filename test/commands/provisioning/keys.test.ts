import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { siteOf } from "../../../src/commands/provisioning/keys.ts";
import { transportOptions } from "../../../src/commands/provisioning/stage.ts";
import { provisioning } from "../../../src/config/sections/provisioning.ts";
import { datadogSites } from "../../../src/model/datadog-site.ts";
import { StepError } from "../../../src/model/run/outcome.ts";
import { startFakeDatadog } from "../../provision/fake-datadog/server.ts";
import { runPantheros } from "../../support/command.ts";
import { temporaryDirectory } from "../../support/directory.ts";

const addresses: Readonly<Record<string, string>> = {
  "datadoghq.com": "https://api.datadoghq.com",
  "us3.datadoghq.com": "https://api.us3.datadoghq.com",
  "us5.datadoghq.com": "https://api.us5.datadoghq.com",
  "datadoghq.eu": "https://api.datadoghq.eu",
  "uk1.datadoghq.com": "https://api.uk1.datadoghq.com",
  "ap1.datadoghq.com": "https://api.ap1.datadoghq.com",
  "ap2.datadoghq.com": "https://api.ap2.datadoghq.com",
  "ddog-gov.com": "https://api.ddog-gov.com",
  "us2.ddog-gov.com": "https://api.us2.ddog-gov.com",
};

/** Where the keys would be sent. @param datadog of the configuration; null: it has no `provisioning` */
function urlOf(datadog: object | null, environment: Readonly<Record<string, string>> = {}): string {
  const settings = datadog === null ? undefined : provisioning.parse({ datadog });
  const invocation = {
    environment: { DD_API_KEY: "api", DD_APP_KEY: "app", ...environment },
    signal: new AbortController().signal,
    now: () => 0,
    random: () => 0,
  };
  return transportOptions(settings, invocation, { note: () => undefined }).url;
}

describe("the site of Datadog", () => {
  it("is known for each of these, and for no other", () => {
    assert.deepEqual([...datadogSites].toSorted(), Object.keys(addresses).toSorted());
  });

  for (const [site, url] of Object.entries(addresses)) {
    it(`${site} is asked at ${url}, whoever names it`, () => {
      assert.equal(urlOf({ site }), url, "the configuration");
      assert.equal(urlOf(null, { DD_SITE: site }), url, "DD_SITE, without a configuration");
      assert.equal(urlOf({}, { DD_SITE: site }), url, "DD_SITE, beside a configuration that names none");
    });
  }

  it("is that of the configuration, then that of DD_SITE, then datadoghq.com", () => {
    assert.equal(urlOf({ site: "datadoghq.eu" }, { DD_SITE: "us3.datadoghq.com" }), "https://api.datadoghq.eu");
    assert.equal(urlOf({ site: "datadoghq.eu" }, { DD_SITE: "eu.invalid" }), "https://api.datadoghq.eu");
    assert.equal(urlOf(null), "https://api.datadoghq.com");
    assert.equal(urlOf({}, { DD_SITE: "" }), "https://api.datadoghq.com");
    assert.equal(urlOf({ url: "http://127.0.0.1:1" }, { DD_SITE: "eu.invalid" }), "http://127.0.0.1:1");
  });

  for (const wrong of [
    "eu.invalid",
    "datadoghq.con",
    "https://api.datadoghq.eu",
    "app.datadoghq.eu",
    "DATADOGHQ.EU",
    " ",
  ])
    it(`is not ${JSON.stringify(wrong)}: nobody there is given the keys`, () => {
      assert.throws(
        () => siteOf(undefined, { environment: { DD_SITE: wrong } }),
        (error) => {
          assert.ok(error instanceof StepError);
          assert.ok(error.message.startsWith(`DD_SITE: ${JSON.stringify(wrong)} is no site of Datadog`), error.message);
          for (const site of datadogSites) assert.ok(error.details.advice?.includes(site), site);
          return true;
        },
      );
    });

  it("that is misspelt ends every command before it asks", async (t) => {
    const config = join(temporaryDirectory(t), "pantheros.yaml");
    writeFileSync(config, "host: h1\nprovisioning: { stacks: { hosts: {} } }\n");
    const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", DD_SITE: "datadoghq.ue" };
    for (const words of ["monitors plan", "metadata plan", "downtime end nightly --every-host"]) {
      const { code, stderr } = await runPantheros(t, config, words.split(" "), { environment });
      assert.equal(code, 1, words);
      assert.match(stderr, /DD_SITE: "datadoghq\.ue" is no site of Datadog: did you mean datadoghq\.eu\?/, words);
    }
  });
});

const apiKey = "0123456789abcdef0123456789abcdef";
const applicationKey = "fedcba9876543210fedcba9876543210fedcba98";
const another = "00000000000000000000000000000000";

async function desk(t: TestContext) {
  const fake = await startFakeDatadog(t, { apiKey, applicationKey });
  fake.metadata.all.set("pantheros.snapshot.age", { type: "gauge" });
  const config = join(temporaryDirectory(t), "pantheros.yaml");
  const job = "{ steps: [ { uses: command, argv: [ /bin/true ] } ] }";
  writeFileSync(config, `host: h1\njobs: { nightly: ${job} }\nprovisioning: { datadog: { url: "${fake.url}" } }\n`);
  return { fake, config };
}

const commands = [
  "monitors plan --stack hosts",
  "monitors sync --stack hosts --yes",
  "monitors validate --stack hosts",
  "monitors prune --stack hosts --yes",
  "dashboards plan --stack hosts",
  "metadata plan",
  "metadata sync --yes",
  "downtime start nightly --for 2h",
  "downtime end nightly",
];
const refusedApi = /does not accept the API key from environment variable DD_API_KEY\n.*are the two keys swapped/;
const refusedApplication =
  /accepts the API key, but not the application key from environment variable DD_APP_KEY: Forbidden\n.*of the same organisation as the API key from environment variable DD_API_KEY/;

const wrong: readonly (readonly [what: string, api: string, application: string, said: RegExp])[] = [
  ["a wrong API key", another, applicationKey, refusedApi],
  ["a wrong application key", apiKey, another, refusedApplication],
  ["swapped keys", applicationKey, apiKey, refusedApi],
];

for (const [what, api, application, said] of wrong) {
  describe(`${what} is told as such, before anything is written:`, { concurrency: 2 }, () => {
    for (const words of commands)
      it(`pantheros ${words}`, async (t) => {
        const { fake, config } = await desk(t);
        const environment = { DD_API_KEY: api, DD_APP_KEY: application };
        const { code, stdout, stderr } = await runPantheros(t, config, words.split(" "), { environment });
        assert.equal(code, 1, stderr);
        assert.match(stderr, said);
        assert.deepEqual(
          fake.seen.filter(({ method }) => method !== "GET"),
          [],
        );
        for (const key of [apiKey, applicationKey, another]) assert.ok(!(stdout + stderr).includes(key));
      });
  });
}

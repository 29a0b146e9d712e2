import assert from "node:assert/strict";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { runPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";

const sent = {
  name: "Queue is long",
  type: "metric alert",
  query: "avg(last_5m):avg:queue.length{*} by {host} > 5",
  message: "see to it",
  tags: ["team:ops"],
  options: { thresholds: { critical: 5 }, new_host_delay: 300 },
};

async function desk(t: TestContext) {
  const fake = await startFakeDatadog(t);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  writeFileSync(
    config,
    `host: h1\nprovisioning:\n  stacks:\n    hosts:\n      imported: mine\n  datadog:\n    url: ${fake.url}\n`,
  );
  const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };
  const { json } = fake.monitors.create(sent);
  const { id } = json as { id: number };
  return {
    fake,
    id,
    folder: join(directory, "mine"),
    directory,
    there: () => fake.monitors.all().find((monitor) => monitor["id"] === id),
    monitors: (words: string) => runPantheros(t, config, ["monitors", ...words.split(" ")], { environment }),
  };
}

describe("pantheros monitors import", () => {
  it("makes a definition that plan shows as adopted, that sync marks, and that is then unchanged", async (t) => {
    const { fake, id, folder, monitors, there } = await desk(t);
    const imported = await monitors(`import --id ${id}`);
    assert.equal(imported.code, 0, imported.stderr);
    assert.match(imported.stdout, new RegExp(`✓ queue-is-long \\(${id}\\) .*queue-is-long\\.json, new`));
    assert.match(imported.stdout, /monitors plan --stack hosts --only queue-is-long/);

    const planned = await monitors("plan --only queue-is-long");
    assert.equal(planned.code, 5, planned.stderr);
    assert.match(planned.stdout, /Adopted: not ours so far.*\n\n {2}~ monitor queue-is-long/);
    const differences = planned.stdout.split("\n").filter((line) => line.startsWith("      "));
    assert.deepEqual(differences, [
      "      tags:",
      ...["managed_by:pantheros", "pantheros_id:queue-is-long", "pantheros_stack:hosts"].map(
        (tag) => `        + ${tag}`,
      ),
    ]);

    const before = there();
    const synced = await monitors("sync --only queue-is-long");
    assert.equal(synced.code, 0, synced.stdout + synced.stderr);
    assert.equal(fake.monitors.all().length, 1, "none is made anew");
    assert.equal(there()?.["query"], before?.["query"]);
    assert.equal((await monitors("plan --only queue-is-long")).code, 0);

    const again = await monitors(`import --id ${id} --json`);
    assert.equal(JSON.parse(again.stdout).imported[0].change, "unchanged");
    assert.deepEqual(readdirSync(folder), ["queue-is-long.json"]);
  });

  it("says what to do when the file of one that is ours has another name", async (t) => {
    const { id, folder, monitors } = await desk(t);
    await monitors(`import --id ${id}`);
    await monitors("sync --only queue-is-long");
    renameSync(join(folder, "queue-is-long.json"), join(folder, "queue.json"));
    const { code, stderr } = await monitors("plan");
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`monitor ${id}, which .*queue\\.json adopts, is known as queue-is-long already`));
    assert.match(stderr, /name the file queue-is-long\.json; or/);
  });

  it("leaves what belongs to another stack", async (t) => {
    const { fake, id, monitors } = await desk(t);
    await monitors(`import --id ${id}`);
    fake.monitors.edit(id, (it) =>
      Object.assign(it, { tags: ["managed_by:pantheros", "pantheros_stack:other", "pantheros_id:x"] }),
    );
    const { code, stderr } = await monitors("sync --only queue-is-long");
    assert.equal(code, 1);
    assert.match(stderr, /belongs to the stack other/);
    assert.ok(
      fake.seen.every(({ method }) => method === "GET"),
      "nothing is written",
    );
  });

  it("reads exports of the API and of Terraform together, and names what it cannot take", async (t) => {
    const { directory, folder, monitors } = await desk(t);
    const json = join(directory, "all.json");
    writeFileSync(
      json,
      JSON.stringify({
        monitors: [
          { ...sent, id: 1, name: "One" },
          { ...sent, id: 2, type: "wibble" },
        ],
      }),
    );
    const terraform = join(directory, "two.tf");
    writeFileSync(
      terraform,
      'resource "datadog_monitor" "two" {\n  name = "Two"\n  type = "metric alert"\n  query = "avg(last_5m):avg:a{*} > 1"\n  message = <<-EOT\n    two\n    EOT\n  monitor_thresholds { critical = 1 }\n}\n',
    );
    const { code, stdout } = await monitors(`import ${json} ${terraform}`);
    assert.equal(code, 1);
    assert.match(stdout, /✓ one \(1\)/);
    assert.match(stdout, /✓ two .*\n\s+its id is not in the export/);
    assert.match(stdout, /✗ Queue is long .*number 2\n\s+Datadog's client does not know type: "wibble"/);
    assert.match(stdout, /2 imported, 1 not/);
    assert.deepEqual(JSON.parse(readFileSync(join(folder, "two.json"), "utf8")).adopts, null);
  });

  for (const [words, message] of [
    ["import", /name what to import\n {2}→ FILE…, or monitors of Datadog by --id/],
    ["import --id seven", /--id seven: write the monitor's number/],
    ["import --id https://app.datadoghq.com/dashboard/abc-def-ghi", /write the monitor's number, or its address/],
    ["import --id 1 --only x", /--only is not for monitors import/],
    ["import nowhere.json", /nowhere\.json cannot be read/],
    ["import --stack wibble x.json", /there is no stack wibble/],
    ["plan x.json", /monitors plan takes no file: x\.json/],
  ] as const) {
    it(`refuses ${words} with the next step`, async (t) => {
      const { code, stderr } = await (await desk(t)).monitors(words);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    });
  }

  it("is not needed before there is something to import: the folder is missed only where something would be deleted", async (t) => {
    const { fake, directory, monitors } = await desk(t);
    for (const [words, code] of [
      ["validate --local", 0],
      ["plan --only run-lost", 5],
      ["sync --only run-lost", 0],
      ["prune", 0],
    ] as const) {
      const done = await monitors(words);
      assert.equal(done.code, code, `${words}: ${done.stdout}${done.stderr}`);
      assert.match(done.stderr, /the folder .*mine of imported definitions is not there \(yet\)/);
    }
    fake.monitors.create({
      ...sent,
      message: "old",
      tags: ["managed_by:pantheros", "pantheros_stack:hosts", "pantheros_id:queue"],
    });
    const refused = await monitors(`prune --yes --out ${directory}/saved`);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /mine of imported definitions is not there\n {2}→ .*provisioning\.stacks\.hosts\.imported/,
    );
    assert.equal(fake.monitors.all().length, 3);
  });

  it("names a number that is not there", async (t) => {
    const { code, stdout } = await (await desk(t)).monitors("import --id 99");
    assert.equal(code, 1);
    assert.match(stdout, /✗ monitor 99\n\s+it is not there/);
  });

  it("takes the address of a page as well as the number, and each monitor once", async (t) => {
    const { id, directory, monitors } = await desk(t);
    const file = join(directory, "one.json");
    writeFileSync(file, JSON.stringify({ ...sent, id }));
    const pages = `https://app.datadoghq.eu/monitors/${id}?view=x,https://app.datadoghq.eu/monitors#${id}/edit`;
    const { code, stdout } = await monitors(`import --id ${id},${pages} ${file} --json`);
    assert.equal(code, 0);
    const told = JSON.parse(stdout);
    assert.deepEqual(
      told.imported.map((one: { adopts: string }) => one.adopts),
      [String(id)],
    );
  });

  it("refuses the address of another site than that of the keys", async (t) => {
    const { directory } = await desk(t);
    const config = join(directory, "site.yaml");
    writeFileSync(config, "host: h1\nprovisioning: { stacks: { hosts: {} }, datadog: { site: datadoghq.com } }\n");
    for (const host of ["app.datadoghq.eu", "us3.datadoghq.com", "example.org"]) {
      const words = ["monitors", "import", "--out", "x", "--id", `https://${host}/monitors/7`];
      const { code, stderr } = await runPantheros(t, config, words);
      assert.equal(code, 2);
      assert.ok(stderr.includes(`a page of ${host}, the keys are for datadoghq.com`), stderr);
    }
  });
});

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { asJson, type Json } from "../provision/fake-datadog/monitors.ts";
import { startFakeDatadog } from "../provision/fake-datadog/server.ts";
import { needs, onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { runToEnd, startProcess } from "../support/process.ts";

/** The guides, followed to the letter: each block in its order, on a machine whose /etc is a folder of the test's. */
const root = join(import.meta.dirname, "../..");

interface Ended {
  readonly code: number;
  readonly output: string;
}

interface Machine {
  readonly directory: string;
  /** Follows a guide up to its end. @param differs what stands for something else here @param line decides what each command has to do */
  readonly follow: (
    guide: string,
    differs: Readonly<Record<string, string>>,
    line: (command: string, run: () => Promise<Ended>) => Promise<void>,
  ) => Promise<void>;
  /** What the guide has said so far of the file of another program. */
  readonly others: () => Json;
}

function machine(t: TestContext, own: Json): Machine {
  const directory = temporaryDirectory(t);
  const programs = join(directory, "programs");
  mkdirSync(programs);
  writeFileSync(
    join(programs, "pantheros"),
    `#!/bin/sh\nexec "${process.execPath}" "${join(root, "src/main.ts")}" "$@"\n`,
  );
  chmodSync(join(programs, "pantheros"), 0o755);
  const config = join(directory, "pantheros.yaml");
  let ours = merged({ state_directory: join(directory, "state") }, own);
  let others: Json = {};
  // What the test has put in place of the world comes last.
  const write = () => writeFileSync(config, JSON.stringify(merged(ours, own)));
  write();
  const run = (command: string): Promise<Ended> =>
    runToEnd(t, ["bash", "-c", command], {
      directory,
      environment: {
        ...process.env,
        PATH: `${programs}:${process.env["PATH"]}`,
        PANTHEROS_CONFIG: config,
        RUNTIME_DIRECTORY: join(directory, "runtime"),
      },
    });
  return {
    directory,
    others: () => others,
    async follow(guide, differs, line) {
      const here = (text: string) =>
        Object.entries({ "/etc/": `${directory}/etc/`, ...differs }).reduce(
          (written, [theirs, mine]) => written.replaceAll(theirs, mine),
          text,
        );
      const text = readFileSync(join(root, `docs/from-zero-to-alerts-${guide}.md`), "utf8");
      for (const [, language, code = ""] of text.matchAll(/^```(yaml|sh)\n([\s\S]*?)^```$/gm)) {
        if (language === "yaml") {
          const said = parse(here(code));
          if (code.startsWith("host:")) ours = merged(ours, said);
          else others = merged(others, said);
          write();
          continue;
        }
        for (const command of here(code)
          .split("\n")
          .filter((one) => one.trim() !== ""))
          await line(command, () => run(command));
      }
    },
  };
}

function merged(a: Json, b: Json): Json {
  const isMap = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [
      name,
      isMap(a[name]) && isMap(b[name]) ? merged(asJson(a[name]), asJson(b[name])) : (b[name] ?? a[name]),
    ]),
  );
}

const failing = { nightly: { steps: [{ uses: "command", argv: ["/bin/false"] }] } };

describe("from zero to alerts", () => {
  it("Datadog: every command does what the guide says of it", { timeout: 300_000 }, async (t) => {
    const fake = await startFakeDatadog(t);
    const { directory, follow } = machine(t, {
      host: "web1",
      jobs: failing,
      outputs: { dogstatsd: { address: `udp://127.0.0.1:${await freePort()}` } },
      provisioning: { datadog: { url: fake.url } },
    });
    for (const [name, key] of [
      ["datadog-api-key", "api"],
      ["datadog-application-key", "app"],
    ] as const) {
      const file = join(directory, "etc/pantheros", name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, key, { mode: 0o600 });
    }
    const monitor = {
      ...{ name: "Queue is long", type: "metric alert", query: "avg(last_5m):avg:queue.length{*} by {host} > 5" },
      ...{ message: "{{host.name}}", tags: ["team:ops"], options: { thresholds: { critical: 5 } } },
    };
    const number = String(asJson(fake.monitors.create(monitor).json)["id"]);
    const board = { title: "Mine", layout_type: "ordered", widgets: [] };
    const dashboard = String(asJson(fake.dashboards.route("POST", "", new URLSearchParams(), board).json)["id"]);
    writeFileSync(join(directory, "export.json"), JSON.stringify({ ...monitor, name: "Exported" }));
    writeFileSync(
      join(directory, "alerts.tf"),
      'resource "datadog_monitor" "x" {\n  name = "By Terraform"\n  type = "metric alert"\n  query = "avg(last_5m):avg:a{*} > 1"\n  message = "x"\n  monitor_thresholds { critical = 1 }\n}\n',
    );
    const plans: string[] = [];
    await follow("datadog", { JOB: "nightly", "12345": number, "abc-def-ghi": dashboard }, async (command, run) => {
      const { code, output } = await run();
      const pending = /monitors plan/.test(command) && !/Nothing to do/.test(output);
      assert.equal(code, /pantheros run/.test(command) ? 1 : pending ? 5 : 0, `${command}\n${output}`);
      if (/^pantheros monitors plan --stack hosts *(#|$)/.test(command)) plans.push(output);
    });
    assert.match(plans[0] ?? "", /Plan: \d+ to create\./);
    assert.match(plans[1] ?? "", /Nothing to do/, "as the guide says after the sync");
    assert.match(plans[2] ?? "", new RegExp(`Adopted: not ours so far[\\s\\S]*queue-is-long \\(${number}\\)`));
    assert.match(plans[2] ?? "", /Plan: 2 to create, 1 to update, \d+ unchanged/);
    const kept = fake.monitors.all().find(({ id }) => String(id) === number);
    assert.equal(kept?.["query"], monitor.query);
    assert.ok(existsSync(join(directory, "alerts/dashboards/mine.json")));
    assert.deepEqual(
      fake.downtimes.all().map(({ status }) => status),
      ["canceled"],
    );
  });

  it("Prometheus and Alertmanager: the alert of a job that fails is there at the end", {
    ...needs("prometheus", "alertmanager", "amtool"),
    timeout: 300_000,
  }, async (t) => {
    const [scraped, prometheus, alertmanager] = [await freePort(), await freePort(), await freePort()];
    const { directory, follow, others } = machine(t, { host: "web1", jobs: failing });
    for (const file of ["etc/pantheros/scrape-token", "etc/prometheus/pantheros-token"]) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), "sesame", { mode: 0o600 });
    }
    const differs = {
      JOB: "nightly",
      "0.0.0.0:9471": `127.0.0.1:${scraped}`,
      "web1:9471": `127.0.0.1:${scraped}`,
      "localhost:9090": `127.0.0.1:${prometheus}`,
      "localhost:9093": `127.0.0.1:${alertmanager}`,
    };
    let isRunning = false;
    await follow("prometheus", differs, async (command, run) => {
      // What the guide takes for granted is started when it is first spoken to.
      if (command.includes("curl") && !isRunning) {
        await startAll(t, directory, others(), prometheus, alertmanager);
        isRunning = true;
      }
      if (/amtool alert query/.test(command)) {
        const look = async () => (/failed/i.test((await run()).output) ? true : undefined);
        await eventually("the alert at Alertmanager", look, { seconds: 120 });
        return;
      }
      const { code, output } = await run();
      assert.equal(code, /pantheros run/.test(command) ? 1 : 0, `${command}\n${output}`);
      if (/routes test/.test(command)) assert.match(output, /^on-call,chat,email$/m);
    });
    assert.ok(isRunning);
  });

  it("Grafana Cloud: the files are there that the guide loads", async (t) => {
    const { directory, follow } = machine(t, { host: "web1", jobs: failing });
    await follow("grafana-cloud", {}, async (command, run) => {
      if (!command.startsWith("pantheros")) return;
      const { code, output } = await run();
      assert.equal(code, 0, `${command}\n${output}`);
    });
    const rules = parse(readFileSync(join(directory, "pantheros-hosts-mimir.yaml"), "utf8"));
    assert.equal(rules.namespace, "pantheros-hosts", "as mimirtool is told in the guide");
    for (const file of ["alertmanager.yaml", "dashboards/host-overview.json"])
      assert.ok(existsSync(join(directory, file)));
  });
});

async function startAll(t: TestContext, directory: string, said: Json, prometheus: number, alertmanager: number) {
  await startProcess(
    t,
    [process.execPath, join(root, "src/main.ts"), "serve", "--config", join(directory, "pantheros.yaml")],
    { ready: /serving http/, environment: { RUNTIME_DIRECTORY: join(directory, "runtime") } },
  );
  await startProcess(
    t,
    [
      onPath("prometheus-alertmanager") ?? "prometheus-alertmanager",
      `--config.file=${join(directory, "etc/alertmanager/pantheros/alertmanager.yaml")}`,
      `--storage.path=${join(directory, "alertmanager")}`,
      `--web.listen-address=127.0.0.1:${alertmanager}`,
      "--cluster.listen-address=",
    ],
    { ready: /Listening on/ },
  );
  const file = join(directory, "etc/prometheus/prometheus.yml");
  // Only its patience is the test's.
  writeFileSync(file, JSON.stringify({ global: { scrape_interval: "1s", evaluation_interval: "1s" }, ...said }));
  await startProcess(
    t,
    [
      onPath("prometheus") ?? "prometheus",
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${prometheus}`,
      "--web.enable-lifecycle",
    ],
    { ready: /Server is ready to receive web requests/ },
  );
}

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { parse } from "yaml";
import { alerts } from "../../monitors/index.ts";
import { exampleStack } from "../../monitors/stacks.ts";
import type { Severity } from "../../src/model/alert/condition.ts";
import { alertmanagerConfig } from "../../src/provision/prometheus/alertmanager.ts";
import { prometheusRuleFile } from "../../src/provision/prometheus/rule-files.ts";
import { ruleName } from "../../src/provision/prometheus/rules.ts";
import { createHost } from "../e2e/host.ts";
import { startPantheros } from "../support/command.ts";
import { needs, onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { startReceiver } from "../support/http-receiver.ts";
import { startProcess } from "../support/process.ts";

/** What the chat gets, as Slack takes it. */
interface ChatMessage {
  readonly attachments: readonly { readonly title: string; readonly text: string }[];
}

/** An alert as Alertmanager knows it. */
interface KnownAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: { readonly state: string; readonly inhibitedBy: readonly string[] };
}

it("a job fails: Prometheus sees it at pantheros, Alertmanager tells the chat; the job succeeds: it tells that too", {
  ...needs("prometheus", "alertmanager"),
  timeout: 180_000,
}, async (t) => {
  const chat = await startReceiver(t);
  const mended = join(temporaryDirectory(t), "mended");
  const host = createHost(t, { jobs: { home: { steps: [{ uses: "command", argv: ["test", "-e", mended] }] } } });
  assert.notEqual((await host.run(["run", "home"])).code, 0);

  const alertmanager = await startAlertmanager(t, chat.endpoint);
  await startPrometheus(t, await serve(t, host.config), alertmanager);
  const told = (status: string) =>
    eventually(
      `${status} in the chat`,
      () =>
        chat
          .requests()
          .map(({ body }): ChatMessage => JSON.parse(body))
          .flatMap(({ attachments }) => attachments)
          .find(({ title }) => title.startsWith(status)),
      { seconds: 60 },
    );

  const { title, text } = await told("FIRING");
  assert.equal(title, "FIRING e2e: 1");
  assert.match(text, /The last run of home on e2e failed\./);
  assert.match(text, /pantheros explain --job home/);
  assert.match(text, /the section job-failed of docs\/alerts\.md/);

  writeFileSync(mended, "");
  assert.equal((await host.run(["run", "home"])).code, 0);
  await told("RESOLVED");
});

it("a warning is held back while its own alert is critical on its host, and one of another host or another alert is not", {
  ...needs("alertmanager"),
  timeout: 60_000,
}, async (t) => {
  const chat = await startReceiver(t);
  const api = `http://${await startAlertmanager(t, chat.endpoint)}/api/v2/alerts`;
  const alert = (severity: Severity, labels: Readonly<Record<string, string>>) => ({
    labels: { alertname: ruleName(labels["pantheros_id"] ?? ""), severity, ...labels },
    annotations: { summary: "x" },
  });
  const disk = { pantheros_id: "metadata-pressure", host: "web1", device: "data" };
  const sent = [
    alert("critical", disk),
    alert("warning", disk),
    alert("warning", { ...disk, host: "web2" }),
    alert("warning", { ...disk, device: "system" }),
    alert("warning", { pantheros_id: "job-partial", host: "web1", job: "home" }),
    // A recovery point that is missed now, and what it has used up of its month.
    alert("critical", { pantheros_id: "recovery-point-missed", host: "web1", objective: "data" }),
    alert("warning", { pantheros_id: "slo-recovery-point", host: "web1", objective: "data" }),
    alert("warning", { pantheros_id: "slo-recovery-point", host: "web2", objective: "data" }),
  ];
  const headers = { "content-type": "application/json" };
  const answer = await fetch(api, { method: "POST", headers, body: JSON.stringify(sent) });
  assert.equal(answer.status, 200, await answer.text());

  const held = await eventually("Alertmanager to have judged all of them", async () => {
    const known = (await (await fetch(api)).json()) as readonly KnownAlert[];
    const isJudged = known.length === sent.length && known.every(({ status }) => status.state !== "unprocessed");
    return isJudged ? known.filter(({ status }) => status.inhibitedBy.length > 0) : undefined;
  });
  const own = ({ labels }: KnownAlert) => [
    labels["pantheros_id"],
    labels["severity"],
    labels["host"],
    labels["device"],
  ];
  assert.deepEqual(held.map((each) => own(each)).toSorted(), [
    ["metadata-pressure", "warning", "web1", "data"],
    ["slo-recovery-point", "warning", "web1", undefined],
  ]);
  assert.ok(held.every(({ status }) => status.state === "suppressed" && status.inhibitedBy.length === 1));
});

async function serve(t: TestContext, config: string): Promise<string> {
  const server = startPantheros(t, config, ["serve", "--listen", "127.0.0.1:0"], { seconds: 170 });
  const gone = server.ended.then(() => true);
  const url = await eventually("pantheros to serve", async () => {
    if (await Promise.race([gone, false])) throw new Error(server.stderr());
    return /serving (\S+)/.exec(server.stderr())?.[1];
  });
  return new URL(url).host;
}

/** The rendered configuration, but for its patience. @returns HOST:PORT */
async function startAlertmanager(t: TestContext, chat: string): Promise<string> {
  const directory = temporaryDirectory(t);
  const secrets = join(directory, "secrets");
  mkdirSync(secrets);
  for (const name of exampleStack.routes.chat) writeFileSync(join(secrets, name), `${chat}/${name}`);
  const stack = { ...exampleStack, routes: { ...exampleStack.routes, email: [], onCall: [] } };
  const config = parse(alertmanagerConfig(alerts, stack, { secrets }));
  Object.assign(config.route, { group_wait: "0s", group_interval: "1s" });
  const file = join(directory, "alertmanager.yaml");
  writeFileSync(file, JSON.stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  await startProcess(
    t,
    [
      onPath("prometheus-alertmanager") ?? "prometheus-alertmanager",
      `--config.file=${file}`,
      `--storage.path=${join(directory, "data")}`,
      `--web.listen-address=${address}`,
      // Alone: it looks for no others.
      "--cluster.listen-address=",
    ],
    { ready: /Listening on/ },
  );
  return address;
}

/** The rendered rules, evaluated every second. @param target HOST:PORT of pantheros */
async function startPrometheus(t: TestContext, target: string, alertmanager: string): Promise<void> {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "rules.yaml"), prometheusRuleFile(alerts, exampleStack));
  const config = join(directory, "prometheus.yaml");
  const scrape = { job_name: "pantheros", honor_labels: true, static_configs: [{ targets: [target] }] };
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ["rules.yaml"],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
      scrape_configs: [scrape],
    }),
  );
  await startProcess(
    t,
    [
      onPath("prometheus") ?? "prometheus",
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${await freePort()}`,
    ],
    { ready: /Server is ready to receive web requests/ },
  );
}

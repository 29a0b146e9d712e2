import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { invoke } from "../commands/invoke.ts";
import { startPantheros } from "../support/command.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { type FakeDatadog, type SeenRequest, startFakeDatadog } from "./fake-datadog/server.ts";
import { monitor } from "./stage.ts";

interface Case {
  /** HERE: a folder of the test. */
  readonly sync: string;
  /** Afterwards; null: there is no plan of it. */
  readonly plan: string | null;
  /** Where it is killed, of all requests; the others only read what does not change. */
  readonly isPoint: (request: SeenRequest) => boolean;
  readonly prepare?: (fake: FakeDatadog) => void;
  /** What was written before, with other definitions; then somebody edits one. */
  readonly before?: string;
  /** What is there in the end, by name. */
  readonly made: (fake: FakeDatadog) => readonly unknown[];
}

const isAny = () => true;
const isWrite = ({ method }: SeenRequest) => method !== "GET";

const old = (id: string) => ({
  ...monitor(id).body,
  tags: ["managed_by:pantheros", "pantheros_stack:hosts", `pantheros_id:${id}`],
});

const cases: Readonly<Record<string, Case>> = {
  "monitors and an SLO": {
    sync: "monitors sync --stack hosts --only failing-repeatedly,disk-usage,run-lost,backup-success",
    plan: "monitors plan --stack hosts --only failing-repeatedly,disk-usage,run-lost,backup-success",
    isPoint: isAny,
    made: ({ monitors, slos }) => [...monitors.all(), ...slos.all()].map(({ name }) => name),
  },
  "a dashboard and the one that it leads to": {
    sync: "dashboards sync --stack hosts --only host-overview",
    plan: "dashboards plan --stack hosts --only host-overview",
    isPoint: isAny,
    made: ({ dashboards }) => dashboards.all().map(({ title }) => title),
  },
  "changes of monitors and an SLO, of which somebody has edited one": {
    before: "monitors sync --stack hosts --only failing-repeatedly,disk-usage,run-lost,backup-success",
    sync: "monitors sync --stack hosts --only failing-repeatedly,disk-usage,run-lost,backup-success",
    plan: "monitors plan --stack hosts --only failing-repeatedly,disk-usage,run-lost,backup-success",
    isPoint: isAny,
    prepare: ({ monitors, slos }) => {
      monitors.edit(1000, (it) => Object.assign(it, { priority: 5 }));
      slos.edit(String(slos.all()[0]?.["id"]), (it) => Object.assign(it, { description: "mine" }));
    },
    made: ({ monitors, slos }) =>
      [...monitors.all(), ...slos.all()].map(({ name, message, description, query }) =>
        JSON.stringify({ name, message, description, query }),
      ),
  },
  "changes of a dashboard and the one that it leads to": {
    before: "dashboards sync --stack hosts --only host-overview",
    sync: "dashboards sync --stack hosts --only host-overview",
    plan: "dashboards plan --stack hosts --only host-overview",
    isPoint: isAny,
    prepare: ({ dashboards }) => {
      for (const { id } of dashboards.all()) dashboards.edit(String(id), (it) => Object.assign(it, { title: "mine" }));
    },
    made: ({ dashboards }) => dashboards.all().map(({ title }) => title),
  },
  "what is no longer defined, which is deleted": {
    before: "monitors sync --stack hosts --only disk-usage",
    sync: "monitors prune --stack hosts --yes --out HERE/saved",
    plan: null,
    isPoint: isAny,
    prepare: ({ monitors }) => {
      for (const id of ["old", "older", "oldest"]) monitors.create(old(id));
      monitors.create({ ...old("both"), type: "composite", query: "1001 || 1002" });
    },
    made: ({ monitors }) => monitors.all().map(({ name }) => name),
  },
  "metadata of metrics": {
    sync: "metadata sync",
    plan: "metadata plan",
    isPoint: isWrite,
    prepare: ({ metadata }) => {
      for (const name of ["pantheros.snapshot.age", "pantheros.job.runs", "pantheros.disk.usage"])
        metadata.all.set(name, { type: "gauge", statsd_interval: 10 });
    },
    made: ({ metadata }) => [...metadata.all.keys()],
  },
  "a downtime": {
    sync: "downtime start nightly --for 2h",
    plan: null,
    isPoint: isAny,
    made: ({ downtimes }) => downtimes.all().map(({ scope }) => String(scope)),
  },
};

/** Their texts are others than those of the first sync. */
const changed = "  stacks: { hosts: { routes: { email: [ new@example.org ] }, thresholds: { disk_usage: 77 } } }\n";

const environment = { DD_API_KEY: "api", DD_APP_KEY: "app", NO_COLOR: "1" };

async function desk(t: TestContext, { prepare = () => undefined, before }: Case) {
  const fake = await startFakeDatadog(t);
  const directory = temporaryDirectory(t);
  const config = join(directory, "pantheros.yaml");
  const job = "jobs: { nightly: { steps: [ { uses: command, argv: [ /bin/true ] } ] } }\n";
  const written = `host: h1\n${job}provisioning:\n  datadog: { url: "${fake.url}" }\n`;
  writeFileSync(config, written);
  const wordsOf = (text: string) => text.replace("HERE", directory).split(" ");
  const here = (words: string) => invoke([...wordsOf(words), "--config", config], { environment });
  if (before !== undefined) {
    const first = await here(before);
    assert.equal(first.code, 0, first.stdout + first.stderr);
    writeFileSync(config, `${written}${changed}`);
  }
  prepare(fake);
  fake.seen.length = 0;
  return { fake, config, here, wordsOf };
}

describe("a sync that is killed by SIGKILL at any of its requests is completed by the next one, without duplicates:", () => {
  for (const [what, each] of Object.entries(cases)) {
    it(what, async (t) => {
      const clean = await desk(t, each);
      const whole = await clean.here(each.sync);
      assert.equal(whole.code, 0, whole.stdout + whole.stderr);
      const points = clean.fake.seen.filter(each.isPoint).length;
      const made = each.made(clean.fake).toSorted();
      for (let point = 1; point <= points; point += 1) await killedAt(t, each, point, made);
      t.diagnostic(`${points} kill points`);
    });
  }
});

/** The work of the request is done, its answer never comes: whoever is killed before it, is killed after the one before. */
async function killedAt(t: TestContext, each: Case, point: number, made: readonly unknown[]): Promise<void> {
  const { fake, config, here, wordsOf } = await desk(t, each);
  const running = startPantheros(t, config, wordsOf(each.sync), { environment });
  let seen = 0;
  fake.fault = (request) => {
    if (!each.isPoint(request)) return null;
    seen += 1;
    if (seen < point) return null;
    if (seen === point) setImmediate(() => running.kill("SIGKILL"));
    return { kind: "silenceAfter" };
  };
  const { signal, stdout, stderr } = await running.ended;
  assert.equal(signal, "SIGKILL", `request ${point}: ${stdout}${stderr}`);
  fake.fault = () => null;
  const again = await here(each.sync);
  assert.equal(again.code, 0, `after request ${point}: ${again.stdout}${again.stderr}`);
  assert.deepEqual(each.made(fake).toSorted(), made, `after request ${point}`);
  if (each.plan === null) return;
  const after = await here(each.plan);
  assert.equal(after.code, 0, `after request ${point}: ${after.stdout}${after.stderr}`);
}

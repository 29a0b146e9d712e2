import assert from "node:assert/strict";
import { rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Sample } from "../../src/model/samples/sample.ts";
import { createDogStatsD, type DogStatsD, type DogStatsDOptions } from "../../src/outputs/dogstatsd.ts";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { listenUdp, listenUnix } from "../support/listener.ts";
import { type RunningProcess, startProcess } from "../support/process.ts";

const moment = 1_795_251_600;
const samples: readonly Sample[] = [
  { metric: "backupCompleted", labels: { job: "nightly", target: "vault" }, value: 1 },
  { metric: "snapshotAge", labels: { subvol: "home" }, since: moment - 5400 },
  { metric: "diskUsage", labels: { device: "sda" }, value: 0.5 },
];
const manySamples: readonly Sample[] = Array.from({ length: 1200 }, (_, index) => ({
  metric: "diskSize",
  labels: { device: `device-${index}` },
  value: index,
}));

type Sender = DogStatsD & { readonly drops: readonly string[] };

function sender(t: TestContext, options: Partial<DogStatsDOptions> & { readonly address: string }): Sender {
  const drops: string[] = [];
  const dogstatsd = createDogStatsD({
    hostTag: "atlas",
    state: "push",
    onDrop: (reason) => drops.push(reason),
    ...options,
  });
  t.after(() => dogstatsd.close());
  return { ...dogstatsd, drops };
}

function sendOneOfEach(dogstatsd: DogStatsD): void {
  dogstatsd.count(samples);
  dogstatsd.gauge(samples, moment);
  dogstatsd.event({ title: "Größe", text: "eins\nzwei", alertType: "warning", at: moment, tags: { job: "nightly" } });
}
const oneOfEach = [
  "pantheros.backup.completed:1|c|#host:atlas,job:nightly,target:vault",
  "pantheros.snapshot.age:1.5|g|#host:atlas,subvol:home\npantheros.disk.usage:50|g|#host:atlas,device:sda",
  `_e{7,10}:Größe|eins\\nzwei|d:${moment}|t:warning|#host:atlas,job:nightly`,
];

const kinds = [
  { kind: "UDP", listen: listenUdp, options: {}, longest: 1432 },
  { kind: "a Unix socket", listen: listenUnix, options: needs("unix datagrams"), longest: 8192 },
] as const;

for (const { kind, listen, options, longest } of kinds) {
  describe(`DogStatsD by ${kind}`, options, () => {
    it("receives counts, gauges and an event byte for byte, and nothing else", async (t) => {
      const listener = await listen(t);
      const dogstatsd = sender(t, { address: listener.address });
      sendOneOfEach(dogstatsd);
      assert.deepEqual(await dogstatsd.flush(), { sent: 3, dropped: 0, reason: null });
      await listener.waitForLines(4);
      assert.deepEqual(listener.datagrams(), oneOfEach);
    });

    it("receives no host tag when the Agent is to add its own", async (t) => {
      const listener = await listen(t);
      const dogstatsd = sender(t, { address: listener.address, hostTag: null });
      dogstatsd.count(samples);
      assert.deepEqual(await listener.waitForLines(1), ["pantheros.backup.completed:1|c|#job:nightly,target:vault"]);
    });

    it("receives counts but no gauges when the Agent's check brings the state", async (t) => {
      const listener = await listen(t);
      const dogstatsd = sender(t, { address: listener.address, state: "agent" });
      sendOneOfEach(dogstatsd);
      await dogstatsd.flush();
      await listener.waitForLines(2);
      assert.deepEqual(listener.datagrams(), [oneOfEach[0], oneOfEach[2]]);
    });

    it("receives 1 200 gauges whole and in order, in packets of the advised size", async (t) => {
      const listener = await listen(t);
      const dogstatsd = sender(t, { address: listener.address });
      dogstatsd.gauge(manySamples, moment);
      const { dropped } = await dogstatsd.flush(5000);
      assert.equal(dropped, 0);
      assert.deepEqual(
        await listener.waitForLines(manySamples.length),
        manySamples.map((_, index) => `pantheros.disk.size:${index}|g|#host:atlas,device:device-${index}`),
      );
      for (const datagram of listener.datagrams()) assert.ok(Buffer.byteLength(datagram) <= longest);
    });

    it("receives nothing that the environment says", async (t) => {
      const environment = {
        DD_AGENT_HOST: "192.0.2.1",
        DD_DOGSTATSD_PORT: "9",
        DD_DOGSTATSD_URL: "udp://192.0.2.1:9",
        DD_DOGSTATSD_SOCKET: "/nowhere",
        DD_ENTITY_ID: "entity",
        DD_ENV: "production",
        DD_SERVICE: "other",
        DD_VERSION: "9",
        DD_TAGS: "team:other",
        DD_EXTERNAL_ENV: "it-false",
        DD_CARDINALITY: "high",
      };
      const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
      t.after(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      });
      Object.assign(process.env, environment);
      const listener = await listen(t);
      sendOneOfEach(sender(t, { address: listener.address }));
      await listener.waitForLines(4);
      assert.deepEqual(listener.datagrams(), oneOfEach);
    });

    it("drops what is sent after closing, and says so", async (t) => {
      const listener = await listen(t);
      const dogstatsd = sender(t, { address: listener.address });
      await dogstatsd.close();
      dogstatsd.count(samples);
      assert.deepEqual(await dogstatsd.flush(), {
        sent: 0,
        dropped: 1,
        reason: `DogStatsD at ${listener.address}: already closed`,
      });
    });
  });
}

describe("DogStatsD that is not there", () => {
  it("by UDP costs nothing: nobody can know", async (t) => {
    const dogstatsd = sender(t, { address: "udp://127.0.0.1:9" });
    sendOneOfEach(dogstatsd);
    assert.deepEqual(await dogstatsd.close(), { sent: 3, dropped: 0, reason: null });
  });

  it("by a name that does not resolve is dropped with the reason", async (t) => {
    const dogstatsd = sender(t, { address: "udp://agent.invalid:8125" });
    dogstatsd.count(samples);
    const { sent, dropped, reason } = await dogstatsd.close(5000);
    assert.deepEqual({ sent, dropped }, { sent: 0, dropped: 1 });
    assert.match(reason ?? "", /^DogStatsD at udp:\/\/agent\.invalid:8125: getaddrinfo E\w+ agent\.invalid$/);
    assert.deepEqual(dogstatsd.drops, [reason]);
  });

  for (const address of [
    "udp://127.0.0.1:0",
    "udp://127.0.0.1:99999",
    "udp://:8125",
    "tcp://127.0.0.1:8125",
    "unix://relative",
  ]) {
    it(`by the unusable address ${address} is dropped with the reason`, async (t) => {
      const dogstatsd = sender(t, { address });
      dogstatsd.count(samples);
      assert.deepEqual(await dogstatsd.close(), {
        sent: 0,
        dropped: 1,
        reason: `DogStatsD at ${address}: write udp://HOST:PORT or unix:///PATH`,
      });
    });
  }

  it("by a Unix socket is dropped with the reason, once per packet", needs("unix datagrams"), async (t) => {
    const address = `unix://${join(temporaryDirectory(t), "absent.socket")}`;
    const dogstatsd = sender(t, { address });
    sendOneOfEach(dogstatsd);
    const reason = `DogStatsD at ${address}: ENOENT (no such file or directory)`;
    assert.deepEqual(await dogstatsd.close(), { sent: 0, dropped: 3, reason });
    assert.deepEqual(dogstatsd.drops, [reason, reason, reason]);
  });

  it("by a Unix socket of another type is dropped with the reason", needs("unix datagrams"), async (t) => {
    const path = join(temporaryDirectory(t), "stream.socket");
    const server = createServer().listen(path);
    t.after(() => server.close());
    const dogstatsd = sender(t, { address: `unix://${path}` });
    dogstatsd.count(samples);
    const { dropped, reason } = await dogstatsd.close();
    assert.equal(dropped, 1);
    assert.match(reason ?? "", /: EPROTOTYPE \(/);
  });

  it("but appears later, or is restarted, receives from then on", needs("unix datagrams"), async (t) => {
    const path = join(temporaryDirectory(t), "agent.socket");
    const dogstatsd = sender(t, { address: `unix://${path}` });
    dogstatsd.count(samples);
    assert.equal((await dogstatsd.flush()).dropped, 1);

    const first = await bindDeafSocket(t, path);
    dogstatsd.count(samples);
    assert.deepEqual(await dogstatsd.flush(), { sent: 1, dropped: 1, reason: dogstatsd.drops[0] });

    await first.stop();
    rmSync(path);
    const second = await listenUnix(t);
    symlinkSync(second.path, path);
    dogstatsd.count(samples);
    assert.deepEqual(await dogstatsd.flush(), { sent: 2, dropped: 1, reason: dogstatsd.drops[0] });
    assert.deepEqual(await second.waitForLines(1), [oneOfEach[0]]);
  });

  it(
    "that reads nothing costs no more than the time limit; the rest is dropped",
    needs("unix datagrams"),
    async (t) => {
      const path = join(temporaryDirectory(t), "agent.socket");
      await bindDeafSocket(t, path);
      const dogstatsd = sender(t, { address: `unix://${path}` });
      for (let push = 0; push < 5; push += 1) dogstatsd.gauge(manySamples, moment);
      const { sent, dropped, reason } = await dogstatsd.close(100);
      assert.ok(sent > 0 && dropped > 0, `${sent} sent, ${dropped} dropped`);
      assert.equal(dropped, dogstatsd.drops.length);
      assert.equal(reason, `DogStatsD at unix://${path}: not handed over within 100 ms`);
    },
  );
});

/** A Unix datagram socket that is there and never read from. */
function bindDeafSocket(t: TestContext, path: string): Promise<RunningProcess> {
  const python = `
import signal, socket, sys
deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
deaf.bind(sys.argv[1])
print("bound")
signal.pause()
`;
  return startProcess(t, ["python3", "-u", "-c", python, path], { ready: /^bound$/m });
}

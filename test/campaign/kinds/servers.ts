import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { unpack } from "../../../src/ledger/packed.ts";
import { needs } from "../../support/components.ts";
import { startRestServer } from "../../support/rest-server.ts";
import { type S3Server, startS3 } from "../../support/s3.ts";
import { type FaultyProxy, type Misbehaviour, startFaultyProxy } from "../faulty-proxy.ts";
import { type Attack, Broken, type Ground, type Kind } from "../kind.ts";
import { aftermath, type Expected, runUnder } from "../trial.ts";
import { createWorld, type World } from "../world.ts";

interface Fault {
  readonly how: Misbehaviour;
  readonly expected: Expected;
}

const failed = (...reasons: string[]): Expected => ({
  ends: reasons.map((reason) => `failed/${reason}`),
  codes: [1, 124],
  seconds: 100,
});

/**
 * Both programs repeat each request for a while before they give up. What has not told its reason by then is a `timeout`, which is true as
 * well; so short here that a campaign gets somewhere.
 */
const stepTimeout = "25s";

/** How a run may end at a server that does this, whichever it is. */
const faults: readonly Fault[] = [
  { how: "swallowing", expected: failed("verification") },
  { how: "slow", expected: { ends: ["success"], codes: [0], seconds: 100 } },
  { how: "crawling", expected: failed("network", "timeout") },
  { how: "truncating", expected: failed("network", "timeout", "verification") },
  { how: "closing", expected: failed("network", "timeout") },
  { how: "half-open", expected: failed("network", "timeout") },
  { how: "lying", expected: failed("unknown", "verification", "network", "timeout") },
  { how: 429, expected: failed("throttled", "timeout") },
  { how: 500, expected: failed("network", "timeout") },
  { how: 503, expected: failed("throttled", "timeout") },
];

interface Place {
  readonly world: World;
  readonly proxy: FaultyProxy;
  /** Looks past the proxy. @returns what is claimed and not there */
  readonly missing: () => Promise<readonly string[]>;
}

/** S3 and the hub of restic, each behind a proxy that does them wrong: from the first request on, or in mid-run. */
function serverKind(
  options: Pick<Kind, "name" | "summary" | "missing"> & {
    /** Requests that are answered well before it goes wrong in mid-run. */
    readonly late: number;
    readonly open: (ground: Ground) => Promise<Place>;
  },
): Kind {
  const { late, open, ...rest } = options;
  return {
    ...rest,
    tries: (kills) => (kills < 200 ? 1 : 2 * faults.length),
    perWorld: 5,
    waits: true,
    async open(ground) {
      const place = await open(ground);
      const { world, proxy } = place;
      return async (number) => {
        const { how, expected } = faults[number % faults.length] as Fault;
        const isLate = Math.floor(number / faults.length) % 2 === 1;
        const attack: Attack = {
          fault: `${rest.name}: ${typeof how === "number" ? `answers ${how}` : how}`,
          at: isLate ? `after ${late} requests` : "from the first request on",
          kills: 0,
        };
        proxy.misbehave(how, isLate ? late : 0);
        await runUnder(world, attack, expected);
        proxy.misbehave("none");
        await aftermath(world, attack, number % 2 === 0);
        const missing = await place.missing();
        if (missing.length > 0) throw new Broken(attack, `every artifact that counts is whole: ${missing.join("; ")}`);
        return attack;
      };
    },
  };
}

export const s3: Kind = serverKind({
  name: "s3",
  summary: "S3 slow, truncating, closing, half-open, lying, swallowing, throttling",
  missing: () => needs("s3", "rclone").skip || null,
  late: 8,
  async open({ scope, subject }) {
    const server = await startS3(scope);
    await server.createBucket("bucket");
    const proxy = await startFaultyProxy(scope, server.endpoint);
    const world = createWorld({ scope, subject }, ({ host, source }) => ({
      destinations: {
        bucket: {
          ...{ type: "s3", endpoint: proxy.endpoint, bucket: "bucket", region: server.region },
          access_key_id: { file: host.secret("key-id", server.accessKeyId) },
          secret_access_key: { file: host.secret("key", server.secretAccessKey) },
        },
      },
      steps: [
        {
          id: "upload",
          uses: "backup.rclone",
          from: source,
          to: "bucket",
          prefix: "l-${run.id}",
          timeout: stepTimeout,
        },
      ],
    }));
    return { world, proxy, missing: () => missingObjects(world, server) };
  },
});

async function missingObjects(world: World, server: S3Server): Promise<readonly string[]> {
  const keys = await server.keys("bucket");
  const files = (readdirSync(world.source, { recursive: true }) as string[]).filter((name) => name.includes("letter"));
  return evidenceOf(world).flatMap(({ prefix }) => {
    const there = keys.filter((key) => key.startsWith(`${prefix}/`)).length;
    return there === files.length ? [] : [`${there} of ${files.length} objects below ${prefix}`];
  });
}

export const hub: Kind = serverKind({
  name: "hub",
  summary: "the REST hub of restic slow, truncating, closing, half-open, lying, swallowing, throttling",
  missing: () => needs("rest-server", "restic").skip || null,
  late: 12,
  async open({ scope, subject }) {
    const server = await startRestServer(scope);
    const location = server.location("vault/").replace(/^rest:/, "");
    const proxy = await startFaultyProxy(scope, new URL(location).origin);
    const world = createWorld({ scope, subject }, ({ host, source }) => ({
      repositories: {
        vault: {
          repository: `rest:${proxy.endpoint}${new URL(location).pathname}`,
          password: { file: host.secret("password", "correct horse battery staple") },
          initialize: true,
        },
      },
      steps: [{ id: "backup", uses: "backup.restic", repository: "vault", from: source, timeout: stepTimeout }],
    }));
    const first = { fault: "none", at: "before anything is wrong", kills: 0 };
    await runUnder(world, first, { ends: ["success"], codes: [0] });
    const snapshots = join(server.folder, "vault/snapshots");
    const missing = async () =>
      evidenceOf(world)
        .map((evidence) => String(evidence["snapshot_id"]))
        .filter((id) => !existsSync(join(snapshots, id)))
        .map((id) => `there is no snapshot ${id}`);
    return { world, proxy, missing };
  },
});

function evidenceOf({ host }: World): readonly Readonly<Record<string, unknown>>[] {
  return host
    .query<{ evidence: Buffer | null }>(
      "SELECT evidence FROM steps JOIN plans ON plans.number = plan WHERE kind = 'backup' AND outcome = 'success'",
    )
    .map(({ evidence }) => unpack<Readonly<Record<string, unknown>>>(evidence, {}));
}

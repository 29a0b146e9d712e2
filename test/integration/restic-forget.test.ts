import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { it } from "node:test";
import { promisify } from "node:util";
import { keep } from "../../src/model/retention/retention.ts";
import { zoneOf } from "../../src/model/time/zone.ts";
import { generator, randomHistory, randomPolicy } from "../model/retention/histories.ts";
import { utc } from "../model/time/moments.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { createRepository, type ResticRepository } from "../support/restic.ts";
import { forgetDryRun } from "../support/restic-forget.ts";

/*
 * What differs between the versions of restic:
 *
 *   0.14, 0.15   a tier holds nothing but the newest of each period            keep(…, { oldest: false })
 *   0.16 to …    a tier with places left also holds the oldest snapshot        keep(…), the default
 *
 * The same in all of them: hours, days and weeks are those of the UTC offset that a snapshot was made in. The zone in which `restic forget` runs
 * does not matter.
 */
const holdsOldest = (version: string) => version.localeCompare("0.16", "en", { numeric: true }) >= 0;

/** One host of the repository each. They cross both changes of the clocks and the end of a year with 53 weeks; all of it is past, because
 * restic counts `within` from the newest snapshot that is. */
const histories = [
  { host: "utc", zone: "UTC", newest: "2021-01-05T03:10:00Z" },
  { host: "berlin", zone: "Europe/Berlin", newest: "2025-10-26T03:20:00Z" },
  { host: "lord-howe", zone: "Australia/Lord_Howe", newest: "2025-10-06T01:30:00Z" },
];
/** Both occurrences of a repeated time: `--time` can only name them by their offset. */
const repeatedTimes = [
  { host: "berlin", zone: "Etc/GMT-2", at: utc("2025-10-26T00:30:00Z") },
  { host: "berlin", zone: "Etc/GMT-1", at: utc("2025-10-26T01:30:00Z") },
];
const snapshotsEach = 22;
const policiesEach = 20;
const run = promisify(execFile);

it("keep() agrees with restic forget, on what is kept and why", { ...needs("restic"), timeout: 300_000 }, async (t) => {
  const programs = resticPrograms();
  // Made by the oldest restic, which every later one can read.
  const repository = createRepository(t, programs[0]?.program);
  const random = generator(20_261_121);
  const snapshots = histories.flatMap(({ host, zone, newest }) =>
    randomHistory(random, utc(newest), snapshotsEach).map((at) => ({ host, zone, at })),
  );
  await inParallel([...snapshots, ...repeatedTimes], (snapshot) => backUp(repository, snapshot));
  const timesOf = await readTimes(repository);
  assert.equal([...timesOf.values()].flat().length, snapshots.length + repeatedTimes.length);

  for (const { version, program } of programs) {
    await t.test(`restic ${version}`, async () => {
      const policies = Array.from({ length: policiesEach }, () => randomPolicy(random));
      await inParallel(policies, async (policy) => {
        const forgotten = await forgetDryRun(repository, program, policy);
        for (const { host, zone } of histories) {
          const times = timesOf.get(host) ?? [];
          const { kept } = keep(times, policy, zone, { oldest: holdsOldest(version) });
          const ours = [...kept].map(([index, reasons]) => `${iso(times[index])} ${reasons.join(", ")}`);
          const theirs = (forgotten.get(host) ?? []).map(({ at, holds }) => `${iso(at)} ${holds.join(", ")}`);
          assert.deepEqual(ours, theirs, `${host}: ${JSON.stringify(policy)}`);
        }
      });
    });
  }
});

async function backUp({ path, passwordFile, program }: ResticRepository, snapshot: (typeof repeatedTimes)[number]) {
  const { host, zone, at } = snapshot;
  const local = iso(at + zoneOf(zone).offsetAt(at))
    .replace("T", " ")
    .replace("Z", "");
  const argv = ["--repo", path, "--password-file", passwordFile, "--no-cache", "--quiet"];
  const child = run(program, [...argv, "backup", "--stdin", "--host", host, "--time", local], {
    env: { TZ: zone, HOME: "/nonexistent" },
    timeout: 60_000,
  });
  child.child.stdin?.end("data");
  await child;
}

/** Seconds since the epoch by host, in the repository's own order. */
async function readTimes({ restic }: ResticRepository): Promise<Map<string, number[]>> {
  const snapshots = JSON.parse(restic("snapshots", "--json")) as { time: string; hostname: string }[];
  const byHost = Map.groupBy(snapshots, ({ hostname }) => hostname);
  return new Map([...byHost].map(([host, own]) => [host, own.map(({ time }) => Date.parse(time) / 1000)]));
}

function iso(at: number | undefined): string {
  return new Date((at ?? Number.NaN) * 1000).toISOString().replace(".000Z", "Z");
}

/** Four at a time: a backup waits longer (for its lock, for the disk) than it works. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

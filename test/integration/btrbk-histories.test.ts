import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { it, type TestContext } from "node:test";
import { evaluateRetention, type Policy } from "../../src/model/retention/retention.ts";
import { type Bucket, bucketAt, nameOf, type Period, startOf } from "../../src/model/time/calendar.ts";
import { type Zone, zoneOf } from "../../src/model/time/zone.ts";
import { timeOfName } from "../../src/tools/btrbk/name.ts";
import { generator, randomHistory } from "../model/retention/histories.ts";
import { noTier } from "../model/retention/policies.ts";
import { createSubvolume, mountBtrfs } from "../support/btrfs.ts";
import { needs } from "../support/components.ts";

/*
 * btrbk's own preserve matrix on thousands of histories at once: backups of a raw target are plain files with their time in their names, so
 * that a history costs no snapshot. What differs from restic, and what holds all the same, is in docs/decisions/0012.
 */
const historiesEach = 400;
const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
const year = 366 * 86_400;

interface Case {
  readonly name: string;
  readonly times: readonly number[];
  readonly policy: Policy;
}

const title = "what btrbk keeps lacks no period that was there, and nothing of it is too many";
it(title, { ...needs("root", "btrfs", "btrbk"), timeout: 600_000 }, async (t) => {
  for (const [index, timezone] of zones.entries()) {
    await t.test(timezone, (t) => {
      const random = generator(20_261_121 + index);
      const zone = zoneOf(timezone);
      const stage = prepare(t);
      const now = Math.floor(Date.now() / 1000);
      const cases = Array.from({ length: historiesEach }, (_, count) => randomCase(`h${count}`, now, random));
      for (const one of cases) writeBackups(stage, one, zone);
      const { preserved, at } = askBtrbk(stage, cases, timezone);
      for (const one of cases) compare(one, preserved.get(one.name) ?? [], at, zone);
    });
  }
});

function compare({ name, times, policy }: Case, kept: readonly number[], now: number, zone: Zone): void {
  const question = { policy: { ...policy, slack: 0 }, timezone: zone.timezone, inForceSince: 0, now };
  const judge = (timestamps: readonly number[]) =>
    evaluateRetention({
      ...question,
      timestamps,
      producers: [{ schedule: null, grace: 0 }],
      standsFor: "first",
    });
  const [before, after] = [judge(times), judge(kept)];
  const story = `${name}: ${JSON.stringify({ policy, times, kept })}`;
  for (const [index, tier] of after.tiers.entries()) {
    const lost = tier.missing.filter((period) => !before.tiers[index]?.missing.includes(period));
    // btrbk's months and years begin with their first Monday: what is older belongs to the one before.
    const owed = lost.filter((period) => times.some((at) => isOf(tier.tier, period, at, zone)));
    assert.deepEqual(owed, [], `${tier.tier} of ${story}`);
  }
  if (policy.monthly === 0 && policy.yearly === 0) assert.equal(after.excess, 0, `excess of ${story}`);
}

function isOf(tier: Period, period: string, at: number, zone: Zone): boolean {
  const bucket = bucketAt(tier, at, zone);
  if (nameOf(tier, bucket) !== period) return false;
  return tier === "monthly" || tier === "yearly" ? at >= firstMonday(tier, bucket, zone) : true;
}

function firstMonday(tier: Period, bucket: Bucket, zone: Zone): number {
  const start = startOf(tier, bucket, zone);
  const week = bucketAt("weekly", start, zone);
  return startOf("weekly", week, zone) === start ? start : startOf("weekly", week + 1, zone);
}

function randomCase(name: string, now: number, random: () => number): Case {
  const places = (most: number) => (random() < 0.5 ? 0 : 1 + Math.floor(random() * most));
  const count = 1 + Math.floor(random() * 20);
  const newest = now - 60 - Math.floor(random() ** 3 * year);
  const policy = { ...noTier, hourly: places(random() < 0.2 ? 900 : 12), daily: places(20), weekly: places(8) };
  // Months and years keep the first of a week: without them the agreement is exact.
  const longer = random() < 0.5 ? { monthly: places(12), yearly: places(3) } : {};
  return { name, times: randomHistory(random, newest, count), policy: { ...policy, ...longer } };
}

function prepare(t: TestContext) {
  const pool = mountBtrfs(t);
  createSubvolume(pool, "data");
  const [snapshots, raw] = [join(pool, "snapshots"), join(pool, "raw")];
  for (const folder of [snapshots, raw]) mkdirSync(folder);
  return { pool, raw, config: join(pool, "btrbk.conf") };
}

type Stage = ReturnType<typeof prepare>;

/** As a raw target leaves them: the stream, which nobody reads here, and what says of it. */
function writeBackups({ raw }: Stage, { name, times }: Case, zone: Zone): void {
  mkdirSync(join(raw, name));
  for (const at of times) {
    const file = `${name}.${btrbkTime(at, zone)}.btrfs`;
    const about = { TYPE: "raw", FILE: file, RECEIVED_UUID: randomUUID(), INCOMPLETE: 0 };
    const lines = Object.entries(about).map(([key, value]) => `${key}=${value}`);
    writeFileSync(join(raw, name, file), "");
    writeFileSync(join(raw, name, `${file}.info`), ["#btrbk-v0.32.5", ...lines, ""].join("\n"));
  }
}

/** `20261121T085700+0100` */
function btrbkTime(at: number, { offsetAt }: Zone): string {
  const offset = offsetAt(at);
  const local = new Date((at + offset) * 1000).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  const minutes = Math.abs(offset) / 60;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${local}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/** A dry run of `btrbk prune`. It counts from the current hour: should that change meanwhile, it is asked again. */
function askBtrbk({ pool, raw, config }: Stage, cases: readonly Case[], timezone: string) {
  const sections = cases.map(
    ({ name, policy }) =>
      `subvolume data\n snapshot_name ${name}\n target raw ${join(raw, name)}\n  target_preserve ${matrixOf(policy)}`,
  );
  const head = ["timestamp_format long-iso", "snapshot_dir snapshots", "snapshot_preserve_min latest"];
  const target = ["target_preserve_min latest", "preserve_day_of_week monday", `volume ${pool}`];
  writeFileSync(config, [...head, ...target, ...sections, ""].join("\n"));
  const zone = zoneOf(timezone);
  for (;;) {
    const from = Math.floor(Date.now() / 1000);
    const text = execFileSync("btrbk", ["-c", config, "-n", "-S", "prune"], {
      env: { ...process.env, TZ: timezone },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 256 * 1024 * 1024,
      timeout: 240_000,
    });
    const at = Math.floor(Date.now() / 1000);
    if (bucketAt("hourly", from, zone) !== bucketAt("hourly", at, zone)) continue;
    // `-  /raw/h1/h1.2026….btrfs  5h 7d 4w (monday, 00:00)  preserve daily: …`
    const paths = [...text.matchAll(/^-\s+(\/\S+\.btrfs)\s.*\bpreserve /gm)].map(([, path = ""]) => path);
    assert.ok(paths.length >= cases.length, `the newest of each history is kept at least:\n${text.slice(0, 2000)}`);
    const preserved = Map.groupBy(paths, (path) => basename(path).split(".")[0] ?? "");
    const timesOf = (own: readonly string[]) => own.map((path) => timeOfName(path, zone) ?? Number.NaN);
    return { at, preserved: new Map(Array.from(preserved, ([name, own]) => [name, timesOf(own)])) };
  }
}

function matrixOf({ hourly, daily, weekly, monthly, yearly }: Policy): string {
  const places = Object.entries({ h: hourly, d: daily, w: weekly, m: monthly, y: yearly });
  const written = places.flatMap(([unit, count]) => (count > 0 ? [`${count}${unit}`] : []));
  return written.length === 0 ? "no" : written.join(" ");
}

import assert from "node:assert/strict";
import { it } from "node:test";
import { evaluateRetention, keep, type Policy } from "../../src/model/retention/retention.ts";
import { type Zone, zoneOf } from "../../src/model/time/zone.ts";
import { generator, randomHistory, randomPolicy } from "../model/retention/histories.ts";
import { timezones, utc } from "../model/time/moments.ts";
import { needs, resticPrograms } from "../support/components.ts";
import { createRepository } from "../support/restic.ts";
import { forgeSnapshots } from "../support/restic-forgery.ts";
import { forgetDryRun, type KeptSnapshot } from "../support/restic-forget.ts";

/*
 * Thousands of histories in one repository, each a host of its own, so that one dry run judges all of them. restic takes hours, days and weeks
 * of the offset that a snapshot was made in, which every snapshot says itself. The test restic-forget.test.ts makes its snapshots by
 * `restic backup` and says what differs between the versions.
 */
const histories = 2000;
const policiesEach = 2;
const now = utc("2026-11-21T12:00:00Z");

it("verdicts agree with restic forget on thousands of histories", {
  ...needs("restic"),
  timeout: 600_000,
}, async (t) => {
  const programs = resticPrograms();
  const repository = createRepository(t, programs[0]?.program);
  const random = generator(20_261_121);
  const byHost = new Map(
    Array.from({ length: histories }, (_, index) => {
      const zone = zoneOf(timezones[index % timezones.length] as string);
      // From the last moment that any version takes for past, back over changes of the clocks and years with 53 weeks.
      const newest = now - Math.floor(random() * 8 * 365 * 86_400);
      return [`h${index}`, { zone, times: randomHistory(random, newest, 1 + Math.floor(random() * 20)) }] as const;
    }),
  );
  forgeSnapshots(
    repository,
    [...byHost].flatMap(([hostname, { zone, times }]) => times.map((at) => ({ hostname, time: withOffset(at, zone) }))),
  );
  for (const { version, program } of programs) {
    await t.test(`restic ${version}`, async () => {
      const oldest = version.localeCompare("0.16", "en", { numeric: true }) >= 0;
      for (let count = 0; count < policiesEach; count += 1) {
        const policy = randomPolicy(random);
        const forgotten = await forgetDryRun(repository, program, policy);
        assert.equal(forgotten.size, histories);
        for (const [host, { zone, times }] of byHost) {
          const { kept } = keep(times, policy, zone.timezone, { oldest });
          const ours = [...kept].map(([index, holds]) => ({ at: times[index] as number, holds }));
          const theirs = forgotten.get(host) ?? [];
          assert.deepEqual(ours, theirs, `${host} ${zone.timezone} ${JSON.stringify(policy)}`);
          if (oldest) agreeOnVerdict(times, theirs, policy, zone);
        }
      }
    });
  }
});

/** What restic leaves lacks no period that was there, nothing of it is too many, and what it removes is. */
function agreeOnVerdict(times: readonly number[], left: readonly KeptSnapshot[], policy: Policy, { timezone }: Zone) {
  const question = { timezone, inForceSince: 0, producers: [{ schedule: null, grace: 0 }], now: Math.max(...times) };
  const judge = (timestamps: readonly number[]) =>
    evaluateRetention({ ...question, timestamps, policy: { ...policy, slack: 0 } });
  const [before, after] = [judge(times), judge(left.map(({ at }) => at))];
  assert.deepEqual(after.tiers, before.tiers);
  assert.equal(after.excess, 0);
  assert.equal(before.excess, times.length - left.length);
}

/** `2026-11-21T13:00:00+01:00` */
function withOffset(at: number, { offsetAt }: Zone): string {
  const offset = offsetAt(at);
  const minutes = Math.abs(offset) / 60;
  const two = (value: number) => String(value).padStart(2, "0");
  const local = new Date((at + offset) * 1000).toISOString().slice(0, 19);
  return `${local}${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retention } from "../../src/collectors/retention.ts";
import { declaredPolicies } from "../../src/collectors/retention-look/promises.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, day, emptyLedger, hour, noon, observe, readable } from "./ledger.ts";

const fire = noon - 10 * hour;
const sections = {
  retention: { short: { daily: 3 } },
  subvolumes: { home: { path: "/home", snapshots: "/snapshots", retention: "short" } },
  repositories: { main: { repository: "/r", password: { file: "/p" }, retention: "short" } },
  jobs: { home: { schedule: "0 2 * * *", grace: "1h", steps: [{ uses: "snapshot.btrfs", subvolume: "home" }] } },
};
const config = configOf(sections);

async function look(ledger: Ledger, given: Config = config, now = noon) {
  const context = { config: given, ledger, now } as Parameters<typeof retention.collect>[0];
  return readable((await retention.collect(context)).samples);
}

function ledgerInForce(days: number): Ledger {
  const ledger = emptyLedger();
  ledger.declare("policy", declaredPolicies(config), (noon - days * day) * 1000);
  return ledger;
}

const nightly = (nights: number, group?: string) =>
  Array.from({ length: nights }, (_, night) => ({
    name: `s${night}`,
    at: fire - night * day,
    ...(group ? { group } : {}),
  }));

describe("the collector retention", () => {
  it("says nothing of what nobody has looked at", async () => {
    assert.deepEqual(await look(ledgerInForce(30)), {});
  });

  it("says nothing of a subject that the last look did not reach: unreachable is not empty", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "restic", noon, "another", []);
    assert.deepEqual(await look(ledger), {});
  });

  it("is content with one artifact per period of the policy", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "snapshots", noon, "home", nightly(3));
    const seen = await look(ledger);
    assert.equal(seen["retentionCompliant{kind=subvolume,subject=home,policy=short}"], 1);
    assert.deepEqual(
      ["Expected", "Missing"].map((what) => seen[`retention${what}{kind=subvolume,subject=home,tier=daily}`]),
      [3, 0],
    );
    assert.equal(seen["retentionOldest{kind=subvolume,subject=home}"], fire - 2 * day);
  });

  it("names what is missing when a night was left out, and when everything is gone", async () => {
    const ledger = ledgerInForce(30);
    observe(
      ledger,
      "snapshots",
      noon,
      "home",
      nightly(3).filter(({ name }) => name !== "s1"),
    );
    assert.equal((await look(ledger))["retentionMissing{kind=subvolume,subject=home,tier=daily}"], 1);
    observe(ledger, "snapshots", noon, "home", []);
    const seen = await look(ledger);
    assert.equal(seen["retentionMissing{kind=subvolume,subject=home,tier=daily}"], 3);
    assert.equal(seen["retentionCompliant{kind=subvolume,subject=home,policy=short}"], 0);
  });

  it("asks for nothing from before the policy was in force", async () => {
    const ledger = ledgerInForce(1.2);
    observe(ledger, "snapshots", noon, "home", nightly(1));
    const seen = await look(ledger);
    assert.equal(seen["retentionExpected{kind=subvolume,subject=home,tier=daily}"], 1);
    assert.equal(seen["retentionCompliant{kind=subvolume,subject=home,policy=short}"], 1);
  });

  it("sees that pruning has stopped", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "snapshots", noon, "home", nightly(10));
    const seen = await look(ledger);
    assert.ok((seen["retentionExcess{kind=subvolume,subject=home}"] ?? 0) >= 5);
    assert.equal(seen["retentionCompliant{kind=subvolume,subject=home,policy=short}"], 0);
  });

  it("judges each history of a repository by itself: two hosts do not fill each other's gaps", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "restic", noon, "main", [...nightly(3, "a"), ...nightly(2, "b")]);
    const seen = await look(ledger);
    assert.ok((seen["retentionMissing{kind=repository,subject=main,tier=daily}"] ?? 0) >= 1);
    assert.equal(seen["retentionExcess{kind=repository,subject=main}"], 0);
  });

  it("publishes snapshots by the tiers that hold them, and none that the policy does not have", async () => {
    const given = configOf({ ...sections, retention: { short: { last: 1, daily: 3, weekly: 2 } } });
    const ledger = emptyLedger();
    ledger.declare("policy", declaredPolicies(given), (noon - 30 * day) * 1000);
    observe(ledger, "snapshots", noon, "home", nightly(10));
    const seen = await look(ledger, given);
    const counts = Object.entries(seen).filter(([series]) => series.startsWith("snapshotCount"));
    assert.deepEqual(Object.fromEntries(counts), {
      "snapshotCount{subvol=home,type=last}": 1,
      "snapshotCount{subvol=home,type=daily}": 3,
      "snapshotCount{subvol=home,type=weekly}": 2,
    });
  });

  it("counts what is dated after now apart", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "snapshots", noon, "home", [...nightly(3), { name: "ahead", at: noon + day }]);
    const seen = await look(ledger);
    assert.equal(seen["snapshotCount{subvol=home,type=future}"], 1);
    assert.equal(seen["snapshotCount{subvol=home,type=daily}"], 3);
  });

  it("tells since when: of the policy, of an excess, and of the look", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "snapshots", noon - 60, "home", nightly(3));
    const kept = await look(ledger);
    assert.equal(kept["retentionInForce{kind=subvolume,subject=home,policy=short}"], noon - 30 * day);
    assert.equal(kept["retentionLooked{kind=subvolume,subject=home}"], noon - 60);
    assert.ok(!("retentionExcessAge{kind=subvolume,subject=home}" in kept), "there is none");
    observe(ledger, "snapshots", noon, "home", nightly(10));
    const since = (await look(ledger))["retentionExcessAge{kind=subvolume,subject=home}"];
    assert.equal(since, fire - 6 * day + 25 * hour);
  });

  it("keeps a subvolume and a repository of one name apart", async () => {
    const given = configOf({
      ...sections,
      repositories: { home: { repository: "/r", password: { file: "/p" }, retention: "short" } },
    });
    const ledger = emptyLedger();
    ledger.declare("policy", declaredPolicies(given), (noon - 30 * day) * 1000);
    observe(ledger, "snapshots", noon, "home", nightly(3));
    observe(ledger, "restic", noon, "home", []);
    const seen = await look(ledger, given);
    assert.equal(seen["retentionCompliant{kind=subvolume,subject=home,policy=short}"], 1);
    assert.equal(seen["retentionCompliant{kind=repository,subject=home,policy=short}"], 0);
  });

  it("is in force from the same moment when only its slack is changed, and anew when it keeps something else", () => {
    const keys = (short: object) => declaredPolicies(configOf({ ...sections, retention: { short } }));
    assert.deepEqual(keys({ daily: 3, slack: "2d" }), keys({ daily: 3 }));
    assert.notDeepEqual(keys({ daily: 4 }), keys({ daily: 3 }));
  });
});

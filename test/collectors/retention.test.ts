import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { declaredPolicies, retention } from "../../src/collectors/retention.ts";
import type { Config } from "../../src/config/schema.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { configOf, day, emptyLedger, hour, noon, observe, readable } from "./ledger.ts";

const fire = noon - 10 * hour;
const config = configOf({
  retention: { short: { daily: 3 } },
  subvolumes: { home: { path: "/home", snapshots: "/snapshots", retention: "short" } },
  repositories: { main: { repository: "/r", password: { file: "/p" }, retention: "short" } },
  jobs: { home: { schedule: "0 2 * * *", grace: "1h", steps: [{ uses: "snapshot.btrfs", subvolume: "home" }] } },
});

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
    assert.equal(seen["retentionCompliant{subject=home,policy=short}"], 1);
    assert.deepEqual(
      ["Expected", "Present", "Missing"].map((what) => seen[`retention${what}{subject=home,tier=daily}`]),
      [3, 3, 0],
    );
    assert.equal(seen["retentionOldest{subject=home}"], fire - 2 * day);
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
    assert.equal((await look(ledger))["retentionMissing{subject=home,tier=daily}"], 1);
    observe(ledger, "snapshots", noon, "home", []);
    const seen = await look(ledger);
    assert.equal(seen["retentionMissing{subject=home,tier=daily}"], 3);
    assert.equal(seen["retentionCompliant{subject=home,policy=short}"], 0);
  });

  it("asks for nothing from before the policy was in force", async () => {
    const ledger = ledgerInForce(1.2);
    observe(ledger, "snapshots", noon, "home", nightly(1));
    const seen = await look(ledger);
    assert.equal(seen["retentionExpected{subject=home,tier=daily}"], 1);
    assert.equal(seen["retentionCompliant{subject=home,policy=short}"], 1);
  });

  it("sees that pruning has stopped", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "snapshots", noon, "home", nightly(10));
    const seen = await look(ledger);
    assert.ok((seen["retentionExcess{subject=home}"] ?? 0) >= 5);
    assert.equal(seen["retentionCompliant{subject=home,policy=short}"], 0);
  });

  it("judges each history of a repository by itself: two hosts do not fill each other's gaps", async () => {
    const ledger = ledgerInForce(30);
    observe(ledger, "restic", noon, "main", [...nightly(3, "a"), ...nightly(2, "b")]);
    const seen = await look(ledger);
    assert.ok((seen["retentionMissing{subject=main,tier=daily}"] ?? 0) >= 1);
    assert.equal(seen["retentionExcess{subject=main}"], 0);
  });
});

import assert from "node:assert/strict";
import { it } from "node:test";
import { agesOfOthers } from "../../../src/collectors/repositories/ages.ts";
import type { Config } from "../../../src/config/schema.ts";
import type { Sample } from "../../../src/model/samples/sample.ts";

const at = 1_790_000_000;
const last = (repository: string): Sample => ({ metric: "repositoryLastSnapshot", labels: { repository }, value: at });
const jobs = {
  nightly: { steps: [{ uses: "backup.restic", repository: "own" }] },
  weekly: { steps: [{ uses: "forget.restic", repository: "laptop" }] },
  copies: { steps: [{ uses: "hub.sync", method: "restic", repository: "laptop", into: "offsite" }] },
} as unknown as Config["jobs"];

const repositories = {
  laptop: { retired: false },
  former: { retired: true },
} as unknown as Config["repositories"];

it("the age of what others store counts from their newest snapshot, and only where no job of this host stores and the repository is not retired", () => {
  const samples: readonly Sample[] = [
    last("own"),
    last("offsite"),
    last("laptop"),
    last("former"),
    { metric: "repositorySnapshots", labels: { repository: "empty" }, value: 0 },
  ];
  assert.deepEqual(agesOfOthers(samples, { jobs, repositories }), [
    { metric: "repositoryOthersAge", labels: { repository: "laptop" }, since: at },
  ]);
});

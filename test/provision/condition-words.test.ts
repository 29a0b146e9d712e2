import assert from "node:assert/strict";
import { it } from "node:test";
import { above, either, silent } from "../../src/model/alert/condition.ts";
import { difference, highest, increase, lowest, quotient } from "../../src/model/alert/expression.ts";
import { count, half, hours, minutes, percent, seconds, times } from "../../src/model/alert/measure.ts";
import { conditionInWords } from "../../src/provision/condition-words.ts";

const job = { by: ["host", "job"] } as const;
const objective = { by: ["host", "objective"] } as const;
const overdue = highest("jobOverdue", job);

const said = [
  [
    above(highest("diskUsage", { by: ["host", "device"] }), { critical: percent(85) }, { lasting: hours(2) }),
    "`pantheros_disk_usage_ratio` above 85 %, for 2h",
  ],
  [
    above(highest("jobOutcome", { ...job, where: { outcome: ["failed", "partial"] } }), { critical: half }),
    "`pantheros_job_last_outcome{outcome=failed or partial}` is 1, at once",
  ],
  [
    above(highest("snapshotAge", { by: ["host", "subvol"], without: { subvol: ["scratch"] } }), {
      critical: hours(36),
    }),
    "`pantheros_snapshot_age_seconds{subvol not scratch}` above 1d 12h, at once",
  ],
  [
    above(increase("jobLost", { ...job, within: hours(6) }), { critical: count(2) }),
    "increase of `pantheros_job_lost_runs_total` within 6h above 2, at once",
  ],
  [
    above(quotient(highest("objectiveRpoActual", objective), lowest("objectiveRpoPromised", objective)), {
      critical: times(1.5),
    }),
    "`pantheros_objective_rpo_actual_seconds` divided by `pantheros_objective_rpo_promised_seconds` above 150 %, at once",
  ],
  [
    above(difference(highest("backupDuration", job), highest("jobExpectedDuration", job)), { critical: seconds(0) }),
    "`pantheros_backup_duration_seconds` minus `pantheros_job_expected_duration_seconds` above 0s, at once",
  ],
  [
    silent("buildInfo", { by: ["host"], longer: minutes(30), severity: "critical" }),
    "`pantheros_build_info` was there within a week, and has been missing for 30m",
  ],
  [
    either(above(overdue, { critical: hours(1) }), above(overdue, { critical: hours(2) })),
    "`pantheros_job_overdue_seconds` above 1h, at once, or `pantheros_job_overdue_seconds` above 2h, at once",
  ],
] as const;

for (const [condition, words] of said) {
  it(words, () => {
    assert.equal(conditionInWords(condition, "critical"), words);
    assert.equal(conditionInWords(condition, "warning"), null);
  });
}

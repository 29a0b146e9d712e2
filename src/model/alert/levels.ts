import { count, days, hours, percent, seconds } from "./measure.ts";
import type { Thresholds } from "./stack.ts";

/** By schedule and grace: critical as late as a daily job is without success for too long. */
export const overdueLevels = ({ sinceSuccess }: Thresholds) => ({
  warning: seconds(0),
  critical: seconds(Math.max(hours(1).value, sinceSuccess.value - days(1).value)),
});

/** Of failures in a row: what is as many as allowed is too many. */
export const failureLevels = ({ failures }: Thresholds) => ({ critical: count(failures.value - 1) });

/** Of all the room that metadata could have; from 90 % on `pantheros disks` calls it trouble. */
export const metadataLevels = { warning: percent(80), critical: percent(90) };

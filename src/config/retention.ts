import * as z from "zod";
import { duration, retentionName } from "./scalars.ts";

const count = z.int().min(0).max(10_000);

/** What is kept: `restic forget`'s meaning, newest first, one artifact per period. */
export const retentionPolicy = z.lazy(() =>
  z.strictObject({
    last: count.default(0).meta({ description: "Keep the newest N" }),
    within: duration.optional().meta({ description: "Keep everything younger than this, counted from the newest" }),
    hourly: count.default(0),
    daily: count.default(0),
    weekly: count.default(0).meta({ description: "ISO weeks" }),
    monthly: count.default(0),
    yearly: count.default(0),
    slack: duration
      .prefault("25h")
      .meta({ description: "How long an artifact that no tier holds may wait for pruning before it counts as excess" }),
  }),
);

/** What a pruning step keeps: the name of a policy or a policy of its own; see `policiesInForce`. */
export const retentionKeep = z
  .union([retentionName, retentionPolicy])
  .meta({ description: "What is kept: the name of a retention policy, or a policy" });
export type RetentionPolicy = z.infer<typeof retentionPolicy>;

import * as z from "zod";
import { byteSize, name, secretReference } from "../scalars.ts";

const amount = z.number().min(0);
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, "write a day like 2026-05-01");
const callPrice = z.strictObject({ usd_per_10000: amount, free_per_day: amount.default(0) });

/** What a provider charges from a day on; all of it in US dollars. */
const costRate = z.lazy(() =>
  z.strictObject({
    from: day.meta({ description: "First day on which it is in force, UTC" }),
    source: z.string().min(1).meta({ description: "Where the figures stand, for who reads the cost" }),
    usd_per_tb_month: amount.meta({ description: "Storage of 10^12 bytes for a month" }),
    month_days: z
      .number()
      .min(1)
      .max(31)
      .optional()
      .meta({ description: "Days of that month; default: those of the calendar" }),
    free_storage: byteSize.prefault("0").meta({ description: "Of the whole account, e.g. 10GB" }),
    usd_per_gb_downloaded: amount.default(0).meta({ description: "For 10^9 bytes" }),
    free_downloads_times_stored: amount
      .default(0)
      .meta({ description: "Downloads that are free, in multiples of what is stored" }),
    free_downloads_per_month: byteSize.prefault("0"),
    calls: z
      .strictObject({
        a: callPrice.optional(),
        b: callPrice.optional(),
        c: callPrice.optional(),
        d: callPrice.optional(),
      })
      .default({})
      .meta({ description: "By class: listings are c at Backblaze, else a; reading is b; what is not named is free" }),
  }),
);
export type CostRate = z.infer<typeof costRate>;

export const costAccount = z.lazy(() =>
  z.strictObject({
    card: name
      .optional()
      .meta({ description: "b2, aws-s3, or one of cost.cards; default: by the endpoint", examples: ["b2"] }),
    free_tier: z.boolean().default(true).meta({
      description:
        "What is free for the account is counted here; where several hosts use one account: on one of them only",
    }),
    scope: z.enum(["bucket", "declared"]).default("bucket").meta({
      description:
        "What is looked at: whole buckets, or only the prefixes that this host declares (hosts that share a bucket, keys bound to a prefix)",
    }),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .meta({ description: "S3 endpoint for restic's b2: repositories, e.g. https://s3.us-west-004.backblazeb2.com" }),
    reports: z
      .strictObject({
        account_id: z.string().regex(/^[A-Za-z0-9-]+$/, "write the account's id alone"),
        endpoint: z.url({ protocol: /^https?$/ }),
        access_key_id: secretReference,
        secret_access_key: secretReference,
      })
      .optional()
      .meta({ description: "Backblaze's daily usage reports (bucket b2-reports-…): preferred to our own reckoning" }),
  }),
);

export const cost = z.strictObject({
  calls_per_day: z.int().min(1).max(1_000_000).optional().meta({
    description:
      "Requests that looking at buckets may make in a day, UTC; default: 2000, and where listings cost money, what 0.10 USD a month pay",
  }),
  cards: z.record(name, z.array(costRate).min(1)).default({}).meta({
    description: "Rate cards by name; those called b2 and aws-s3 add to the ones that are known, or replace them",
  }),
});
export type CostAccount = z.infer<typeof costAccount>;

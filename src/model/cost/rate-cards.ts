import type { Rate, RateCard } from "./rate-card.ts";

/** Backblaze: the storage of an account beyond 10 GB, by byte-hours over 30 days; a TB has 1e12 bytes. */
const b2Storage = (usdPerTerabyte: number): Rate["storage"] => ({
  unitBytes: 1e12,
  hours: 720,
  freeBytes: 10e9,
  bands: [{ aboveBytes: 0, usdPerUnit: usdPerTerabyte }],
});
const threeTimesStored = { usdPerGigabyte: 0.01, freeTimesStored: 3, freeBytesPerDay: 0, freeBytesPerMonth: 0 };
const b2OldCalls = { b: { usdPer10000: 0.004, freePerDay: 2500 }, c: { usdPer10000: 0.04, freePerDay: 2500 } };

const b2: RateCard = {
  name: "b2",
  title: "Backblaze B2",
  classOf: { list: "c", read: "b" },
  rates: [
    {
      from: "2015-12-15",
      source:
        "storage: 0.005 USD per GB; classes B and C: as on backblaze.com/b2/b2-transactions-price.html (read 2026-11); the day it began is not checked",
      storage: b2Storage(5),
      downloads: { usdPerGigabyte: 0.01, freeTimesStored: 0, freeBytesPerDay: 1e9, freeBytesPerMonth: 0 },
      calls: b2OldCalls,
    },
    {
      from: "2023-10-03",
      source:
        "6 USD per TB, as pages of others quote it in April 2026, not read at Backblaze; the day it began is not checked",
      storage: b2Storage(6),
      downloads: threeTimesStored,
      calls: b2OldCalls,
    },
    {
      from: "2026-05-01",
      source: "backblaze.com/cloud-storage/pricing, in force since 1 May 2026 (read 2026-11)",
      storage: b2Storage(6.95),
      downloads: threeTimesStored,
      calls: { d: { usdPer10000: 0.004, freePerDay: 2500 } },
    },
  ],
};

const awsS3: RateCard = {
  name: "aws-s3",
  title: "AWS S3 Standard, us-east-1",
  classOf: { list: "a", read: "b" },
  rates: [
    {
      from: "2021-12-01",
      source:
        "us-east-1, Standard: storage up to 50 TB, requests and downloads as pages of others quote them in 2026, not read at Amazon; the rest of the card and the day it began are not checked",
      storage: {
        // Amazon's GB is 2^30 bytes, and its month that of the calendar (S3 FAQ, "How will I be charged").
        unitBytes: 2 ** 30,
        hours: null,
        freeBytes: 0,
        bands: [
          { aboveBytes: 0, usdPerUnit: 0.023 },
          { aboveBytes: 50 * 2 ** 40, usdPerUnit: 0.022 },
          { aboveBytes: 500 * 2 ** 40, usdPerUnit: 0.021 },
        ],
      },
      downloads: { usdPerGigabyte: 0.09, freeTimesStored: 0, freeBytesPerDay: 0, freeBytesPerMonth: 100 * 2 ** 30 },
      calls: { a: { usdPer10000: 0.05, freePerDay: 0 }, b: { usdPer10000: 0.004, freePerDay: 0 } },
    },
  ],
};

/** The cards that are known without a configuration. */
export const rateCards: Readonly<Record<string, RateCard>> = { b2, "aws-s3": awsS3 };

/** The card of the provider behind an endpoint; null: not known. @param host as in the endpoint, without port */
export function cardOfHost(host: string): RateCard | null {
  if (/(?:^|\.)backblazeb2\.com$/.test(host)) return b2;
  return /(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(host) ? awsS3 : null;
}

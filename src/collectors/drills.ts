import type { Sample } from "../model/sample.ts";
import { defineLiveCollector } from "./collector.ts";

/** What has been proved by reading it back: checks of what is stored, and restores that were used. */
export const drills = defineLiveCollector({
  name: "drills",
  summary: "Last successful check and restore drill of each job, the measured recovery time and the verified share.",
  live: true,
  collect({ config, ledger }) {
    return ledger.lastSteps().flatMap(({ job, kind, target, finishedAt, bytes, evidence }): Sample[] => {
      if (!Object.hasOwn(config.jobs, job)) return [];
      const labels = { job, target };
      const at = finishedAt / 1000;
      if (kind === "check") {
        const coverage = evidence["coverage_ratio"];
        const last: Sample = { metric: "checkLastSuccess", labels, value: at };
        return typeof coverage === "number" ? [last, { metric: "checkCoverage", labels, value: coverage }] : [last];
      }
      if (kind !== "drill") return [];
      const seconds = evidence["rto_seconds"];
      return [
        { metric: "drillLastSuccess", labels, value: at },
        ...(typeof seconds === "number" ? [{ metric: "drillRto", labels, value: seconds } satisfies Sample] : []),
        ...(bytes === null ? [] : [{ metric: "drillBytes", labels, value: bytes } satisfies Sample]),
      ];
    });
  },
});

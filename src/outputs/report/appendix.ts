import type { MonthReport, ReportedRun } from "../../model/objective/month-report.ts";
import { formatDuration } from "../../model/quantity.ts";
import { localTime } from "../../model/time/month.ts";
import type { Zone } from "../../model/time/zone.ts";
import type { Block, Cell } from "./block.ts";
import { counted } from "./words.ts";

/** Every run of the month: what all figures above are made of. */
export function* appendix({ runs, unlistedRuns, month }: MonthReport): Generator<Block> {
  yield { heading: "Appendix: all runs", level: 2, id: "runs" };
  if (runs.length === 0) {
    yield { paragraph: ["None."] };
    return;
  }
  if (unlistedRuns > 0) {
    const text = `The newest ${runs.length} are listed. ${counted(unlistedRuns, "earlier run")} of the month are counted in all figures and not listed here.`;
    yield { paragraph: [text] };
  }
  yield {
    table: {
      caption: "Runs of the month, oldest first",
      dense: true,
      columns: [
        { title: "run" },
        { title: "job" },
        { title: "started" },
        { title: "took", align: "right" },
        { title: "outcome" },
        { title: "artifact" },
        { title: "evidence" },
      ],
      rows: rows(runs, month.zone),
    },
  };
}

function* rows(runs: readonly ReportedRun[], zone: Zone): Generator<Cell[]> {
  for (const run of runs) {
    const { id, job, startedAt, seconds, outcome, reason, lost, message, artifacts, evidence } = run;
    const because = [reason, lost ? "lost" : null].filter((word) => word !== null);
    yield [
      [{ anchor: id }],
      [job],
      [{ moment: localTime(startedAt, zone) }],
      [seconds === null ? "unknown" : formatDuration(seconds)],
      [{ outcome }, because.length > 0 ? ` (${because.join(", ")})` : ""],
      [artifacts.join("; ")],
      [outcome === "success" || message === null ? evidence.join("; ") : [message, ...evidence].join("; ")],
    ];
  }
}

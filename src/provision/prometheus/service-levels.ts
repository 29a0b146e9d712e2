import { increase, readingsOf, share, withHosts } from "../../model/alert/expression.ts";
import { days, hours, type Quantity } from "../../model/alert/measure.ts";
import { backupSuccess, recoveryPoint, recoveryPointMet, type ServiceLevel } from "../../model/alert/service-level.ts";
import type { Stack } from "../../model/alert/stack.ts";
import { metrics } from "../../model/metrics.ts";
import { runbookAnnotation } from "../runbook.ts";
import { promqlDuration, selector, valueToPromql } from "./promql.ts";
import type { RecordingRule } from "./recording-rules.ts";
import { type AlertingRule, ruleName } from "./rules.ts";

/** A service level as Prometheus watches it. */
export interface LevelRules {
  readonly level: ServiceLevel;
  /** Shares of errors over each window, and what is left of the month's budget. */
  readonly recordings: readonly RecordingRule[];
  /** What the last of them is called: 1 is the whole budget, below 0 the promise is broken. */
  readonly budgetLeft: string;
  /** A warning while the budget is used up faster than the month goes by. */
  readonly alert: AlertingRule;
}

/** @param runbooks see `alertingRules` */
export function serviceLevelRules(stack: Stack, runbooks?: string): readonly LevelRules[] {
  return [rulesOf(runs(stack), stack, runbooks), rulesOf(points(stack), stack, runbooks)];
}

/** `slo-backup-success`: what its alert is known by, beside those of `monitors/`. */
export function burningId({ id }: ServiceLevel): string {
  return `slo-${id}`;
}

/** What is measured of a service level, and what is told of it. */
interface Indicator {
  readonly level: ServiceLevel;
  /** What the names of its records begin with: whose share it is, and of what. */
  readonly prefix: string;
  /**
   * Over both it must be bad: over the long one, so that it matters, and over the short one, so that it ends soon after it was mended
   * (https://sre.google/workbook/alerting-on-slos/, multiwindow, multi-burn-rate). Of that page's pairs these are the slow one alone: what
   * burns fast – a run that failed, a recovery point that is missed – has an alert of its own, at once.
   */
  readonly long: Quantity<"seconds">;
  readonly short: Quantity<"seconds">;
  /** The share of errors, 0 to 1. */
  readonly errors: (within: Quantity<"seconds">) => string;
  /** What must be true as well. */
  readonly only?: string;
  readonly told: Readonly<Record<"summary" | "description" | "todo", string>>;
}

const month = days(30);

function runs({ hosts }: Stack): Indicator {
  const long = days(3);
  const failed = increase("jobRuns", { by: [], within: long, without: { outcome: ["success", "skipped"] } });
  return {
    level: backupSuccess,
    prefix: `all:${metrics.jobRuns.prometheus.replace(/_total$/, "")}`,
    long,
    // Most jobs run once a day: over less there is nothing to take a share of.
    short: days(1),
    errors(within) {
      const of = { outcome: ["success"] } as const;
      const good = share("jobRuns", { by: [], within, of, without: { outcome: ["skipped"] } });
      return `1 - ${valueToPromql(withHosts(hosts, good))}`;
    },
    // One run that fails is no rate. An increase is an estimate: two of them may look like 1.9.
    only: `on () ${valueToPromql(withHosts(hosts, failed))} > 1.5`,
    told: {
      summary: "{{ $value | humanizePercentage }} of the runs of the last three days did not succeed",
      description: "If it goes on like this, more backups of the month fail than was accepted.",
      todo: "- See which jobs fail, and why: `pantheros runs`\n- See what the reasons have in common: the dashboard “Failure trend”",
    },
  };
}

function points({ hosts }: Stack): Indicator {
  const [met = ""] = readingsOf(withHosts(hosts, recoveryPointMet)).map((reading) =>
    selector(metrics[reading.metric].prometheus, reading),
  );
  const by = recoveryPointMet.by.join(", ");
  return {
    level: recoveryPoint,
    prefix: "host_objective:pantheros_objective_rpo",
    long: days(3),
    short: hours(6),
    // Of the time for which it is known.
    errors: ({ value }) => `1 - avg by (${by}) (avg_over_time(${met}[${promqlDuration(value)}]))`,
    told: {
      summary:
        "{{ $labels.objective }} on {{ $labels.host }} was behind its recovery point for {{ $value | humanizePercentage }} of the last three days",
      description: "It is missed again and again: the schedule is too tight, or runs take too long.",
      todo: "- See which job or copy is behind: `pantheros objectives {{ $labels.objective }}`",
    },
  };
}

function rulesOf(indicator: Indicator, { name }: Stack, runbooks: string | undefined): LevelRules {
  const { level, prefix, long, short, errors, only, told } = indicator;
  // Two stacks in one Prometheus record each its own.
  const labels = { pantheros_stack: name };
  const own = `{pantheros_stack=${JSON.stringify(name)}}`;
  const recordOf = ({ value }: Quantity<"seconds">) => `${prefix}:error_ratio_${promqlDuration(value)}`;
  const budget = Number((1 - level.target).toPrecision(6));
  const budgetLeft = `${prefix}:error_budget_left_${promqlDuration(month.value)}`;
  const tooFast = [long, short].map((within) => `${recordOf(within)}${own} > ${budget}`);
  const id = burningId(level);
  return {
    level,
    recordings: [
      ...[short, long, month].map((within) => ({ record: recordOf(within), expr: errors(within), labels })),
      { record: budgetLeft, expr: `1 - ${recordOf(month)}${own} / ${budget}`, labels },
    ],
    budgetLeft,
    alert: {
      alert: ruleName(id),
      expr: [...tooFast, ...(only === undefined ? [] : [only])].join("\nand "),
      labels: { severity: "warning", pantheros_id: id },
      annotations: {
        title: `${level.title}: too rarely (${name})`,
        ...told,
        summary: `${told.summary}; over a month ${Number((budget * 100).toPrecision(6))} % may.`,
        ...runbookAnnotation(id, runbooks),
      },
    },
  };
}

import { isIP } from "node:net";
import { parseDuration } from "../model/quantity.ts";
import { StepError } from "../model/run/outcome.ts";
import { parseSchedule } from "../model/time/schedule.ts";
import { closest, suggest } from "./closest.ts";
import { stepId } from "./declaration.ts";
import type { Finding } from "./finding.ts";
import { hookReferences } from "./hook-references.ts";
import { observedRepositories, passwordFor } from "./observed-repositories.ts";
import { entriesOf, isMap, type Path, quote, valueAt, writePath } from "./path.ts";
import { rateCardNames, usedRateCards } from "./rate-card-names.ts";
import { reservedScopes } from "./references.ts";
import { retentionPolicy } from "./retention.ts";
import { configuration } from "./schema.ts";
import { isSchema, metaOf, visitValues } from "./schema-tree.ts";
import { literalSecret, namesSecret } from "./secret-names.ts";
import type { WrittenStep } from "./steps.ts";

/**
 * What no schema can say. Rules look at what is written, not at what was parsed, so that they also speak about a file that the schema
 * refuses; a value of the wrong type is the schema's to report.
 */
export function checkRules(value: unknown, steps: readonly WrittenStep[]): readonly Finding[] {
  const findings = rules.flatMap((rule) => rule(value));
  const visit = (written: unknown, schema: Parameters<typeof metaOf>[0], path: Path): undefined => {
    const section = metaOf(schema).refersTo;
    if (section !== undefined && typeof written === "string")
      findings.push(...nameExists(value, section, written, path));
    if (section === "repositories" && path[0] === "jobs") findings.push(...passwordFor(value, written, path));
    if (isSchema(schema, retentionPolicy)) findings.push(...keepsSomething(written, path));
  };
  visitValues(configuration, value, visit);
  for (const step of steps) visitValues(step.declaration.options, step.options, visit, step.path);
  return unique(findings);
}

const rules: readonly ((value: unknown) => readonly Finding[])[] = [
  subvolumesAndSnapshotsApart,
  noLiteralSecrets,
  knownTimezones,
  readableSchedules,
  ownStepIds,
  noCircleOfJobs,
  plausibleDurations,
  fewerOffsiteThanCopies,
  guardedListener,
  hookReferences,
  observedRepositories,
  rateCardNames,
  usedRateCards,
];

function nameExists(value: unknown, section: string, name: string, path: Path): Finding[] {
  const names = entriesOf(valueAt(value, [section])).map(([key]) => key);
  if (names.includes(name) || name.includes("${")) return [];
  const what = {
    subvolumes: "subvolume",
    repositories: "repository",
    destinations: "destination",
    jobs: "job",
    accounts: "account",
  }[section];
  const message = `there is no ${what ?? "retention policy"} ${quote(name)}`;
  return [{ path, message, hint: suggest(name, names, `declare it in the section ${section}`) }];
}

function keepsSomething(policy: unknown, path: Path): Finding[] {
  if (!isMap(policy) || policy["within"] !== undefined) return [];
  const tiers = ["last", "hourly", "daily", "weekly", "monthly", "yearly"];
  if (tiers.some((tier) => policy[tier] !== undefined && policy[tier] !== 0)) return [];
  return [{ path, message: "this policy keeps nothing", hint: `set at least one of within, ${tiers.join(", ")}` }];
}

function subvolumesAndSnapshotsApart(value: unknown): Finding[] {
  return entriesOf(valueAt(value, ["subvolumes"])).flatMap(([name, content]) => {
    const path = valueAt(content, ["path"]);
    const snapshots = valueAt(content, ["snapshots"]);
    if (typeof path !== "string" || typeof snapshots !== "string") return [];
    const inside = `${path.replace(/\/+$/, "")}/`.startsWith(`${snapshots.replace(/\/+$/, "")}/`);
    if (!inside || snapshots === "/") return [];
    const message = "the subvolume lies in the folder of its own snapshots";
    return [{ path: ["subvolumes", name, "snapshots"], message, hint: "name another folder on the same filesystem" }];
  });
}

function noLiteralSecrets(value: unknown): Finding[] {
  return entriesOf(valueAt(value, ["repositories"])).flatMap(([name, content]) =>
    entriesOf(valueAt(content, ["environment"]))
      .filter(([variable, written]) => typeof written === "string" && namesSecret(variable))
      .map(([variable]) => ({ path: ["repositories", name, "environment", variable], ...literalSecret })),
  );
}

function knownTimezones(value: unknown): Finding[] {
  const jobs = entriesOf(valueAt(value, ["jobs"])).map(([name]) => ["jobs", name, "timezone"]);
  return [["timezone"], ...jobs].flatMap((path) => {
    const timezone = valueAt(value, path);
    if (typeof timezone !== "string" || isTimezone(timezone)) return [];
    const near = closest(timezone, Intl.supportedValuesOf("timeZone"));
    const hint = near === null ? "write an IANA name such as Europe/Berlin or UTC" : `did you mean "${near}"?`;
    return [{ path, message: `there is no timezone ${quote(timezone)}`, hint }];
  });
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // systemd does not know offsets such as +02:00.
    return /^[A-Za-z]/.test(name);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function readableSchedules(value: unknown): Finding[] {
  return entriesOf(valueAt(value, ["jobs"])).flatMap(([name, job]) => {
    const schedule = valueAt(job, ["schedule"]);
    if (typeof schedule !== "string") return [];
    try {
      parseSchedule(schedule, "UTC");
      return [];
    } catch (error) {
      if (!(error instanceof StepError)) throw error;
      const { advice } = error.details;
      return [
        { path: ["jobs", name, "schedule"], message: error.message, ...(advice === undefined ? {} : { hint: advice }) },
      ];
    }
  });
}

function ownStepIds(value: unknown): Finding[] {
  return entriesOf(valueAt(value, ["jobs"])).flatMap(([name, job]) => {
    const steps = valueAt(job, ["steps"]);
    if (!Array.isArray(steps)) return [];
    const ids = steps.map((step, position) => stepId(step ?? {}, position));
    return steps.flatMap((step, position): Finding[] => {
      const id = valueAt(step, ["id"]);
      if (typeof id !== "string") return [];
      const path = ["jobs", name, "steps", position, "id"];
      if (reservedScopes.includes(id))
        return [{ path, message: `${id} means something else in a reference`, hint: "choose another id" }];
      const first = ids.indexOf(id);
      if (first >= position) return [];
      return [
        { path, message: `${writePath(["steps", first])} has the id ${quote(id)} already`, hint: "choose another id" },
      ];
    });
  });
}

function noCircleOfJobs(value: unknown): Finding[] {
  const after = (name: string): readonly unknown[] => {
    const names = valueAt(value, ["jobs", name, "after"]);
    return Array.isArray(names) ? names : [];
  };
  const reaches = (from: unknown, goal: string, seen: Set<unknown>): boolean => {
    if (from === goal) return true;
    if (typeof from !== "string" || seen.has(from)) return false;
    seen.add(from);
    return after(from).some((next) => reaches(next, goal, seen));
  };
  return entriesOf(valueAt(value, ["jobs"])).flatMap(([name]) =>
    after(name).some((before) => reaches(before, name, new Set()))
      ? [
          {
            path: ["jobs", name, "after"],
            message: `${name} would start after itself`,
            hint: "take one of the jobs out of the circle",
          },
        ]
      : [],
  );
}

function plausibleDurations(value: unknown): Finding[] {
  return entriesOf(valueAt(value, ["jobs"])).flatMap(([name, job]) => {
    const expected = secondsAt(job, "expected_duration");
    const deadline = secondsAt(job, "deadline");
    if (expected === null || deadline === null || expected <= deadline) return [];
    const message = "is longer than the deadline, at which the run is ended";
    return [{ path: ["jobs", name, "expected_duration"], message, hint: "raise the deadline" }];
  });
}

function secondsAt(job: unknown, key: string): number | null {
  const written = valueAt(job, [key]);
  return typeof written === "string" ? parseDuration(written) : null;
}

function fewerOffsiteThanCopies(value: unknown): Finding[] {
  return entriesOf(valueAt(value, ["objectives"])).flatMap(([name, objective]) => {
    const copies = valueAt(objective, ["copies"]);
    const offsite = valueAt(objective, ["offsite_copies"]);
    if (typeof copies !== "number" || typeof offsite !== "number" || offsite <= copies) return [];
    const message = `cannot be more than copies (${copies}): offsite copies are some of them`;
    return [{ path: ["objectives", name, "offsite_copies"], message }];
  });
}

function guardedListener(value: unknown): Finding[] {
  const path = ["outputs", "prometheus", "listen"];
  const listen = valueAt(value, path);
  if (typeof listen !== "string") return [];
  const [, host = "", port = ""] = /^\[?(.+?)\]?:(\d{1,5})$/.exec(listen) ?? [];
  if (host === "" || Number(port) > 65_535 || (listen.startsWith("[") && isIP(host) !== 6)) {
    return [{ path, message: "is not an address and a port", hint: "write 127.0.0.1:9471 or [::1]:9471" }];
  }
  const own = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  const prometheus = valueAt(value, ["outputs", "prometheus"]);
  if (own || valueAt(prometheus, ["token"]) !== undefined || valueAt(prometheus, ["open"]) === true) return [];
  const message = "other machines could read the metrics without showing a token";
  return [{ path, message, hint: "set token: {file: /path}, or open: true if that is meant" }];
}

function unique(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [`${writePath(finding.path)} ${finding.message}`, finding])).values()];
}

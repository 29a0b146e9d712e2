/**
 * What a message may name, https://docs.datadoghq.com/monitors/notify/variables/, November 2026. What a type of monitor does not have
 * is an empty word in the message, and a condition on it never holds.
 */
export interface Scope {
  /** Of the monitor. */
  readonly type: string;
  /** Labels by which the query groups; null: they cannot be known. */
  readonly groups: ReadonlySet<string> | null;
  /** How many monitors a composite names: they are `a`, `b` and so on in its message. */
  readonly parts: number;
}

const everywhere = new Set(
  [
    ["value", "threshold", "warn_threshold", "alert_recovery_threshold", "warn_recovery_threshold", "comparator"],
    ["first_triggered_at", "first_triggered_at_epoch", "last_triggered_at", "last_triggered_at_epoch"],
    ["triggered_duration_sec"],
  ].flat(),
);

const ofChecks = new Set(["check_message", "ok_threshold"]);

/** Types of monitors → the name under which the message has the event that was found. */
const events: Readonly<Record<string, readonly string[]>> = {
  "audit alert": ["audit"],
  "ci-pipelines alert": ["cipipeline"],
  "ci-tests alert": ["citest"],
  "database-monitoring alert": ["databasemonitoring"],
  "error-tracking alert": ["issue", "span", "rum", "log"],
  "event alert": ["event"],
  "event-v2 alert": ["event"],
  "log alert": ["log"],
  "rum alert": ["rum"],
  "synthetics alert": ["synthetics"],
  "trace-analytics alert": ["span"],
};

/** Types whose variables are described in full; what the others have is not for us to say. */
const described = new Set([...Object.keys(events), "query alert", "metric alert", "service check", "composite"]);

/** First names of what an event itself has; of those that are not here nothing is said, so anything may be. Tags and attributes go on freely. */
const reserved: Readonly<Record<string, readonly string[]>> = {
  audit: ["message", "link"],
  cipipeline: [
    ...["service", "env", "resource_name", "ci_level", "trace_id", "span_id", "pipeline_fingerprint"],
    ...["operation_name", "ci_partial_array", "status", "timestamp", "link"],
  ],
  citest: [
    ...["service", "env", "resource_name", "error", "trace_id", "span_id", "operation_name", "status", "timestamp"],
    "link",
  ],
  event: ["host", "id", "link", "title", "text"],
  log: ["message", "service", "status", "source", "span_id", "timestamp", "trace_id", "link", "host"],
  rum: ["service", "status", "timestamp", "link"],
  span: [
    ...["env", "operation_name", "resource_name", "service", "status", "span_id", "timestamp", "trace_id", "type"],
    "link",
  ],
};

/** What Datadog knows of a group besides its name: of some all that it has, of a service these. */
const knownOfGroups: Readonly<Record<string, readonly string[] | "anything">> = {
  host: "anything",
  kube_namespace: "anything",
  pod_name: "anything",
  service: ["team", "docs", "links"],
};

/** Whether a monitor has what stands between braces, such as `host.name`, `[dot.key].name`, `log.attributes.[error.message]`. */
export function isKnown(variable: string, scope: Scope): boolean {
  const { type, groups } = scope;
  if (everywhere.has(variable) || !described.has(type)) return true;
  if (ofChecks.has(variable)) return type === "service check";
  const [first = "", ...rest] = namesIn(variable);
  if (type === "composite" && isPart(first, scope)) return rest.length > 0;
  if (events[type]?.includes(first)) return isOfEvent(first, rest);
  if (groups === null) return true;
  return groups.has(first) && isOfGroup(first, rest);
}

/** What a condition compares may also be a label alone. */
export function isComparable(variable: string, scope: Scope): boolean {
  return isKnown(variable, scope) || (scope.groups?.has(variable) ?? true);
}

/** The label of which a variable tells something. */
export function labelOf(variable: string): string {
  return namesIn(variable)[0] ?? variable;
}

/** Types of monitors that have an event of this name, or this variable, which only they have. */
export function typesWith(name: string): readonly string[] {
  if (ofChecks.has(name)) return ["service check"];
  return Object.keys(events).filter((type) => events[type]?.includes(name));
}

function isPart(name: string, { parts }: Scope): boolean {
  return /^[a-j]$/.test(name) && name.charCodeAt(0) - "a".charCodeAt(0) < parts;
}

function isOfEvent(event: string, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return false;
  if (name === "attributes" || name === "tags") return rest.length > 0;
  return reserved[event]?.includes(name) ?? true;
}

function isOfGroup(label: string, [name]: readonly string[]): boolean {
  if (name === "name") return true;
  const known = name === undefined ? undefined : knownOfGroups[label];
  return known === "anything" || (known?.includes(name?.replace(/\[.*\]$/, "") ?? "") ?? false);
}

/** `a.[b.c].d` → a, b.c, d. */
function namesIn(variable: string): readonly string[] {
  return [...variable.matchAll(/\[([^\]]+)\](?=\.|$)|((?:[^.[\]]|\[[^\]]*\](?!\.))+)/g)].map(
    ([, inBrackets, plain = ""]) => inBrackets ?? plain,
  );
}

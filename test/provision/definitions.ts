import fc from "fast-check";
import type { Body, Resource } from "../../src/provision/resource.ts";
import { composite, monitor } from "./stage.ts";

/** A resource that is there or not, under one of two ids; each remembers the other. */
function slot(id: string, isRenamed: boolean): Pick<Resource, "id" | "formerly"> {
  const other = `${id}-again`;
  return isRenamed ? { id: other, formerly: [id] } : { id, formerly: [other] };
}

const words = fc.constantFrom("one", "two");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 3 });

const alarm = fc.record({
  isRenamed: fc.boolean(),
  text: words,
  level: fc.constantFrom(2, 3.5),
  again: fc.constantFrom(0, 60),
});
const promise = fc.record({ isRenamed: fc.boolean(), text: words, target: fc.constantFrom(99, 99.9) });
const page = fc.record({
  isRenamed: fc.boolean(),
  text: words,
  widgets: fc.shuffledSubarray(["runs", "ages", "sizes"]),
  isGrouped: fc.boolean(),
});

/** The definitions of one moment, of every kind that has a place in a plan; some name others, where those are defined. */
export const definitions: fc.Arbitrary<readonly Resource[]> = fc
  .record({
    a: maybe(alarm),
    b: maybe(alarm),
    c: maybe(alarm),
    both: fc.boolean(),
    success: maybe(promise),
    recency: maybe(promise),
    uptime: fc.boolean(),
    page: maybe(page),
    index: maybe(page),
  })
  .map(({ a, b, c, both, success, recency, uptime, page: shown, index }) => {
    const alarms = Object.entries({ a, b, c }).flatMap(([id, made]) => (made === null ? [] : [alarmOf(id, made)]));
    const idOf = (id: string) => alarms.find((it) => it.id === id || it.id === `${id}-again`)?.id ?? null;
    const [first, second] = [idOf("a"), idOf("b")];
    const pages = shown === null ? [] : [pageOf("page", shown, first === null ? null : `{{${first}}}`, null)];
    return [
      // Never in the order in which they are needed.
      ...(index === null ? [] : [pageOf("index", index, null, pages[0]?.id ?? null)]),
      ...pages,
      ...(uptime && first !== null ? [uptimeOf(first)] : []),
      ...(success === null ? [] : [successOf(success)]),
      ...(recency === null ? [] : [recencyOf(recency)]),
      ...(both && first !== null && second !== null ? [composite("both", [first, second])] : []),
      ...alarms,
    ];
  });

type Made<T> = T extends fc.Arbitrary<infer M> ? M : never;

function alarmOf(id: string, { isRenamed, text, level, again }: Made<typeof alarm>): Resource {
  const repeated: Body = again === 0 ? {} : { renotify_interval: again };
  const made = monitor(id, {
    message: `{{host.name}}: ${text}`,
    query: `max(last_5m):max:pantheros.${id}{*} by {host} > ${level}`,
    options: { thresholds: { critical: level }, include_tags: false, ...repeated },
  });
  return { ...made, ...slot(id, isRenamed) };
}

function slo(id: string, body: Body, needs: readonly string[] = []): Resource {
  const common = { name: `Promise ${id}`, tags: ["team:a"], thresholds: [{ timeframe: "30d", target: 99 }] };
  return { kind: "slo", id, needs, body: { ...common, ...body } };
}

function successOf({ isRenamed, text, target }: Made<typeof promise>): Resource {
  const made = slo("success", {
    type: "metric",
    description: text,
    query: { numerator: "sum:x{ok:true}.as_count()", denominator: "sum:x{*}.as_count()" },
    thresholds: [{ timeframe: "30d", target, warning: 99.95 }],
  });
  return { ...made, ...slot("success", isRenamed) };
}

function recencyOf({ isRenamed, text, target }: Made<typeof promise>): Resource {
  const query = { formulas: [{ formula: "a" }], queries: [{ data_source: "metrics", name: "a", query: "max:x{*}" }] };
  const made = slo("recency", {
    type: "time_slice",
    description: text,
    sli_specification: { time_slice: { comparator: "<=", threshold: 1, query } },
    thresholds: [{ timeframe: "7d", target }],
  });
  return { ...made, ...slot("recency", isRenamed) };
}

const uptimeOf = (need: string) =>
  slo("uptime", { type: "monitor", description: "of a monitor", monitor_ids: [`{{${need}}}`] }, [need]);

/** @param embedded what stands for the number of a monitor that it shows @param linked the page that it leads to */
function pageOf(
  id: string,
  { isRenamed, text, widgets, isGrouped }: Made<typeof page>,
  embedded: string | null,
  linked: string | null,
): Resource {
  const at = (definition: Body, y: number): Body => ({ definition, layout: { x: 0, y, width: 12, height: 2 } });
  const notes = widgets.map((title, y) => at({ type: "note", content: `${title}: ${text}` }, 2 * y));
  const group = at({ type: "group", title: "all", layout_type: "ordered", widgets: notes }, 0);
  const alert = { type: "alert_graph", alert_id: embedded ?? "", viz_type: "timeseries", title: "the alert" };
  const link = { type: "note", content: `see /dashboard/{{${linked}}}` };
  const made: Resource = {
    kind: "dashboard",
    id,
    needs: [...(embedded === null ? [] : [embedded.slice(2, -2)]), ...(linked === null ? [] : [linked])],
    body: {
      title: `Page ${id}`,
      description: `What it is for: ${text}.`,
      layout_type: "ordered",
      template_variables: [{ name: "host", prefix: "host", defaults: ["*"], available_values: [] }],
      widgets: [
        ...(isGrouped ? [group] : notes),
        ...(embedded === null ? [] : [at(alert, 8)]),
        ...(linked === null ? [] : [at(link, 10)]),
      ],
    },
  };
  return { ...made, ...slot(id, isRenamed) };
}

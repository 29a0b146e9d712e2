import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { dashboards } from "../../../dashboards/index.ts";
import { stacks } from "../../../monitors/stacks.ts";
import { grafanaDashboard } from "../../../src/provision/grafana/dashboards.ts";
import { readableJson } from "../../../src/provision/readable-json.ts";
import { compilerErrors } from "../../support/compiler-errors.ts";

/**
 * What is written is held against Grafana's own model of it, as Grafana Labs publish it: the types of its foundation SDK, which are generated
 * from Grafana's schemas. The text of the files is compiled as literals of these types, so that a field that the model does not have, lacks or
 * has otherwise is found also where the SDK's builders take anything: in options, custom fields and queries.
 */
const published = join(import.meta.dirname, "../../../node_modules/@grafana/grafana-foundation-sdk/dist");
const kinds = { timeseries: true, stat: false, bargauge: false, table: true, "state-timeline": true, text: false };
const model = `
import type * as dashboard from "${published}/dashboard/index.js";
import type { Dataquery } from "${published}/prometheus/index.js";
${Object.keys(kinds)
  .map((kind) => `import type * as ${nameOf(kind)} from "${published}/${nameOf(kind)}/index.js";`)
  .join("\n")}

/** As JSON has it: the values of an enumeration are texts and numbers. */
type Written<T> = 0 extends 1 & T ? T
  : T extends string ? \`\${T}\`
  : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : number)
  : T extends object ? { [K in keyof T]: Written<T[K]> } : T;

interface Fields<Custom> {
  defaults: Omit<dashboard.FieldConfig, "custom"> & { custom?: Custom };
  overrides: dashboard.FieldConfigSource["overrides"];
}
type Target = Omit<Dataquery, "_implementsDataqueryVariant">;
type PanelOf<Type extends string, Options, Custom> = Omit<dashboard.Panel, "type" | "options" | "fieldConfig" | "targets"> & {
  type: Type;
  options: Options;
  fieldConfig?: Fields<Custom>;
  targets?: Target[];
};
type Panel =
${Object.entries(kinds)
  .map(
    ([kind, custom]) =>
      `  | PanelOf<"${kind}", ${nameOf(kind)}.Options, ${custom ? `${nameOf(kind)}.FieldConfig` : "never"}>`,
  )
  .join("\n")};
type Row = Omit<dashboard.RowPanel, "panels"> & { type: "row"; panels: Panel[] };
type Page = Omit<dashboard.Dashboard, "panels"> & { panels: (Row | Panel)[] };
`;

function nameOf(kind: string): string {
  return kind.replace("-", "");
}

const pages = stacks.flatMap((stack) =>
  dashboards.map((each) => [`${stack.name}: ${each.id}`, grafanaDashboard(each, stack)] as const),
);
const code = (json: string) => `${model}export const page: Written<Page> = ${json};`;

/** What would not be as the model has it: each replaces something that the first page really has. */
const mistakes: readonly (readonly [what: string, written: RegExp, instead: string, error: RegExp])[] = [
  ["a kind of panel", /"type": "stat"/, '"type": "stats"', /"stats"/],
  ["a field of the page", /"graphTooltip":/, '"graphToolTip":', /graphToolTip/],
  ["a number written as a text", /"schemaVersion": (\d+)/, '"schemaVersion": "$1"', /'string'/],
  ["a value of an enumeration", /"colorMode": "\w+"/, '"colorMode": "backdrop"', /"backdrop"/],
  ["an option of a panel", /"colorMode":/, '"colourMode":', /colourMode/],
  ["a field of a query", /"legendFormat":/, '"legend":', /legend/],
  ["a custom field of a graph", /"fillOpacity":/, '"fillOpacty":', /fillOpacty/],
  ["a threshold's field", /"steps":/, '"step":', /step/],
];

describe("every dashboard is as Grafana's published model has it", () => {
  const clean: (() => void)[] = [];
  let errors: ReadonlyMap<string, string> = new Map();
  const texts = pages.map(([name, page]) => [name, readableJson(page)] as const);
  const all = texts.map(([, text]) => text);
  after(() => {
    for (const fn of clean) fn();
  });
  before(() => {
    const wrong = mistakes.map(([what, written, instead]) => {
      const text = all.find((each) => written.test(each)) ?? assert.fail(`no page has ${written}`);
      return [what, text.replace(written, instead)] as const;
    });
    const codes = [...texts, ...wrong].map(([name, text]) => [name, code(text)] as const);
    errors = compilerErrors({ after: (fn) => clean.push(fn as () => void) }, new Map(codes));
  });

  for (const [name] of texts) it(name, () => assert.equal(errors.get(name), ""));
  for (const [what, , , error] of mistakes)
    it(`which would be found: ${what}`, () => assert.match(errors.get(what) ?? "", error));
});

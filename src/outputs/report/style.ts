/**
 * The page's own style: light and dark by what the reader prefers, light on paper. Text has a contrast of 4.5 and more on its ground in both
 * (WCAG 2.2, AA); what is told by a colour is told by a sign as well.
 */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d3d9e0; --stripe: #f5f7f9;
  --good: #0b6a33; --good-ground: #d9f2e2; --bad: #a31621; --bad-ground: #fde3e3; --warn: #7a4b00; --warn-ground: #fdf0cf;
  --ink: #2f5fa8; --area: #dbe6f6; --link: #1f4f99;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171b; --text: #e4e7eb; --quiet: #a3adb8; --line: #39414b; --stripe: #1c2127;
    --good: #7ddba1; --good-ground: #153a26; --bad: #ff9d9d; --bad-ground: #4a1b1f; --warn: #f2c879; --warn-ground: #43330f;
    --ink: #8db8f5; --area: #22344f; --link: #9cc3ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 62rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 0.75rem; padding-top: 0.75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere; }
h1 + p { font-size: 1.2rem; margin: 0 0 1.25rem; }
p, li { overflow-wrap: anywhere; }
li { margin: 0.25rem 0; }
ul { padding-left: 1.25rem; }
a { color: var(--link); }
code { font: 0.9em ui-monospace, "DejaVu Sans Mono", monospace; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, auto)); gap: 0.5rem 1.5rem; margin: 0; }
dt { color: var(--quiet); font-size: 0.85rem; }
dd { margin: 0; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); font-size: 0.85rem; padding-bottom: 0.35rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
td { min-width: 4.5rem; }
th.number, td.number { text-align: right; white-space: nowrap; min-width: 0; }
.dense { font-size: 0.78rem; }
.dense td { padding: 0.25rem 0.5rem; overflow-wrap: anywhere; }
.dense td:first-child, .dense td:nth-child(3) { white-space: nowrap; }
tbody tr:nth-child(even) { background: var(--stripe); }
:target { outline: 2px solid var(--ink); outline-offset: 2px; }
time { white-space: nowrap; }
.verdict, .outcome { white-space: nowrap; font-weight: 600; }
.verdict { padding: 0.1rem 0.5rem; border-radius: 1rem; font-size: 0.88em; }
.outcome { font-weight: 400; }
.holds, .outcome.success { color: var(--good); }
.broken, .outcome.failed { color: var(--bad); }
.verdict.unknown, .outcome.partial, .outcome.skipped { color: var(--warn); }
.verdict.holds { background: var(--good-ground); }
.verdict.broken { background: var(--bad-ground); }
.verdict.unknown { background: var(--warn-ground); }
figure { margin: 1.25rem 0; }
figcaption { font-size: 0.85rem; color: var(--quiet); margin-bottom: 0.25rem; overflow-wrap: anywhere; }
figcaption strong { color: var(--text); }
svg { display: block; width: 100%; min-width: 40rem; height: auto; }
svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--quiet); }
svg text.name { font-size: 12px; fill: var(--text); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .area { fill: var(--area); }
svg .line { fill: none; stroke: var(--ink); stroke-width: 1.5; stroke-linejoin: round; }
svg .promise { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 4; }
svg .promise-label { fill: var(--bad); paint-order: stroke; stroke: var(--ground); stroke-width: 3px; }
svg .over { fill: var(--bad); }
svg .unknown { fill: var(--warn-ground); }
svg .bar { fill: var(--ink); }
svg .none { fill: var(--quiet); }
svg .day { stroke-width: 1; }
svg .mark { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
svg .day.success { fill: var(--good-ground); stroke: var(--good); } svg .mark.success { stroke: var(--good); }
svg .day.partial { fill: var(--warn-ground); stroke: var(--warn); } svg .mark.partial { stroke: var(--warn); }
svg .day.failed { fill: var(--bad); stroke: var(--bad); } svg .mark.failed { stroke: var(--ground); }
svg .day.skipped { fill: none; stroke: var(--quiet); } svg .mark.skipped { stroke: var(--quiet); }
@page { size: A4; margin: 16mm 14mm; }
@media print {
  :root {
    color-scheme: light;
    --ground: #fff; --text: #000; --quiet: #444; --line: #bbb; --stripe: #fff;
    --good: #0b6a33; --good-ground: #d9f2e2; --bad: #a31621; --bad-ground: #fde3e3; --warn: #7a4b00; --warn-ground: #fdf0cf;
    --ink: #2f5fa8; --area: #dbe6f6; --link: #000;
  }
  :root { font-size: 10pt; }
  body { padding: 0; max-width: none; }
  h2, h3, caption { break-after: avoid; }
  figure, tr, li { break-inside: avoid; }
  thead { display: table-header-group; }
  .scroll { overflow: visible; }
  svg { min-width: 0; }
  a { text-decoration: none; }
  .dense { font-size: 6.5pt; }
  .dense td { min-width: 0; padding: 0.15rem 0.3rem; }
  .verdict, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

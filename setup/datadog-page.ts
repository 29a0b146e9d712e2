import { type Coverage, monitorCoverage, optionCoverage, sloCoverage, widgetCoverage } from "./datadog-coverage.ts";

/** docs/datadog.md: what becomes of alerts and dashboards in Datadog, and how much of Datadog there is. */
export function datadogPage(): string {
  return `<!-- Generated from src/provision/datadog/ by npm run generate. -->

# In Datadog

Alerts and dashboards are defined once and mean the same in Prometheus, Grafana and Datadog, as far as those can say the same. This is where
Datadog says it in its own way, and how much of Datadog pantheros covers.

## What an alert becomes

| An alert | In Datadog |
|---|---|
| \`for 2h\` | the least value of the last 2 hours is beyond the level, and there is data of all of them (\`require_full_window\`): a series that is new has not been so for long |
| at once | the greatest value of the last 5 minutes |
| an increase | a sum of what was counted (\`as_count\`), never an average |
| only a warning | its level is the critical one of the monitor, with priority 3 and the tag \`severity:warning\`; nobody but mail is told |
| of two parts | a monitor for each, \`ID.1\` and \`ID.2\`, which tell by themselves. A composite would see only what both of them report |
| silence | a monitor that tells missing data. Datadog forgets who has been silent for a day; who may be silent, such as a laptop whose jobs count only the time awake, cannot be said: put such machines into a stack of their own and mute its monitor |
| a series that is absent | the last known state stays, for a day; a lock that is gone is well |
| a window | a week at most; one of a day or more is looked at every 10 minutes, all others every minute |
| a message | what is wrong while it is, and that it is over when it is. Values are in units that people read |
| mail | is told of every change of state |
| the chat | of what is critical: when it begins and ends, and when only a warning is left. \`discord-NAME\` is the webhook \`@webhook-discord-NAME\` |
| on call | of what is critical on production hosts: when it begins, and of any recovery |
| what goes on | is told again every 12 hours, as by Alertmanager |
| a promise of a month (SLO) | an SLO, which shows how much of its budget is left. Prometheus also warns when it is used up too fast, from the second run that fails; an alert of Datadog on an SLO cannot ask for a second one, and each failure has an alert of its own |

Datadog matches names by the tags that it has: a host or job is best named in small letters.

## What a dashboard becomes

| A widget | In Datadog |
|---|---|
| a moment in time | is left out of tables: Datadog has no way to say how long ago that was |
| states over time | how many are in each, the worst at the bottom, in the colours of the states |
| yes and no over time | a bar for each that is wrong, so that nothing drawn is good |
| a ratio | percent |
| an increase | counts over the time that the widget says, whatever its reader looks at |

## What is covered

Rendered: pantheros makes it of its own definitions. Imported: what exists becomes a definition as data (\`pantheros monitors import\`,
\`pantheros dashboards import\`), is planned and synced like everything else, and is not rendered for other systems. Left: stays as
somebody has made it. Refused: an import that has it is refused, since the first sync would drop it.

${[
  table("Type of monitor", monitorCoverage),
  table("Option of monitors", optionCoverage),
  table("Widget", widgetCoverage),
  table("Type of SLO", sloCoverage),
].join("\n")}
Synthetic tests, SLO corrections, notebooks, dashboard lists, powerpacks, notification rules, users and roles are not covered. A field of a monitor or
dashboard that Datadog's own client does not know is refused, with its name: nothing is written back that was not understood.
`;
}

const order: readonly Coverage[] = ["rendered", "imported", "left", "refused"];

function table(what: string, coverage: ReadonlyMap<string, Coverage>): string {
  const rows = order.flatMap((how) => {
    const names = [...coverage].filter(([, own]) => own === how).map(([name]) => `\`${name}\``);
    return names.length === 0 ? [] : [`| ${how} | ${names.join(", ")} |`];
  });
  return `| ${what} | |\n|---|---|\n${rows.join("\n")}\n`;
}

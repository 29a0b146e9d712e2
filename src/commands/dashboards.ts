import { dashboards as defined } from "../../dashboards/index.ts";
import { dashboardResources } from "../provision/datadog/dashboards.ts";
import { importing } from "./provisioning/import-words.ts";
import { provisioningCommand } from "./provisioning/provisioning.ts";

export const dashboards = provisioningCommand(
  {
    word: "dashboards",
    kinds: ["dashboard"],
    imports: "dashboard",
    resources: (stack) => dashboardResources(defined, stack),
  },
  `The dashboards of pantheros, defined once in dashboards/, for Grafana (on a Prometheus data source: render) and for Datadog, where they are
compared with what is there and brought into line.`,
  {
    import: importing("dashboards", "dashboard", "abc-def-ghi"),
    render: {
      load: async () => {
        const { renderAction } = await import("./provisioning/dashboards-render.ts");
        return (_, invocation) => renderAction(invocation);
      },
      about: `
render    prints the one called NAME, or writes all of them (or that one) into a folder with --output, each as NAME.json. Asks nobody,
          needs no keys. A file of that folder is replaced only when it is the same dashboard. Grafana reads the folder when its
          provisioning names it: docs/dashboards.md has the file for that.

Levels are those of the stack's alerts: provisioning.stacks in the configuration, else the stacks that pantheros ships (hosts, cluster).`.trim(),
      words: { summary: "the dashboard; without it: all of them", most: 1 },
      takes: ["stack"],
      options: {
        format: {
          type: "string",
          short: "f",
          value: "FORMAT",
          summary: "render: grafana or datadog (default: grafana)",
        },
        output: { type: "string", short: "o", value: "DIR", summary: "render: write files there instead of printing" },
      },
      examples: [
        [
          "pantheros dashboards render --stack hosts --output /var/lib/grafana/dashboards/pantheros",
          "all of them, for Grafana",
        ],
        ["pantheros dashboards render host-overview --stack hosts --format datadog", "one, to be pasted into Datadog"],
      ],
    },
  },
);

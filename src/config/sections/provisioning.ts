import * as z from "zod";
import { datadogSites } from "../../model/datadog-site.ts";
import { absolutePath, name, positiveDuration, secretReference } from "../scalars.ts";

const share = z.number().gt(0).max(1000);
const handles = z.array(z.string().min(1)).optional();

/** What a set of alerts does otherwise than the one that pantheros ships. */
const stackSettings = z.lazy(() =>
  z.strictObject({
    hosts: z
      .array(name)
      .min(1)
      .optional()
      .meta({ description: "Hosts that this stack is about; default: every host that no other stack names" }),
    thresholds: z
      .strictObject({
        since_success: positiveDuration.optional().meta({ description: "No success of a job for longer than this" }),
        snapshot_age: positiveDuration.optional(),
        disk_usage: share.max(100).optional().meta({ description: "Percent" }),
        budget_warning: share.optional().meta({ description: "Percent of the budget" }),
        budget_critical: share.optional().meta({ description: "Percent of the budget" }),
        failures: z.int().min(1).max(1000).optional().meta({ description: "Failed runs in a row" }),
        drill_age: positiveDuration.optional().meta({ description: "Since the last successful restore" }),
        check_age: positiveDuration.optional().meta({ description: "Since what is stored was last read back" }),
        scrub_age: positiveDuration.optional(),
        lock_age: positiveDuration.optional(),
      })
      .prefault({}),
    routes: z
      .strictObject({
        email: handles.meta({ description: "Told of everything, e.g. ops@example.org" }),
        chat: handles.meta({ description: "Told of what is critical: handles, e.g. slack-alerts" }),
        on_call: handles.meta({ description: "Told of what is critical on production hosts, e.g. pagerduty-backups" }),
        production_hosts: handles.meta({ description: "Hosts whose critical alerts call somebody" }),
      })
      .prefault({}),
    imported: z
      .string()
      .min(1)
      .optional()
      .meta({
        description:
          "Folder of what pantheros monitors import and pantheros dashboards import have written; relative: to this file",
        examples: ["monitors/imported"],
      }),
  }),
);
export type StackSettings = z.infer<typeof stackSettings>;

export const provisioning = z.lazy(() =>
  z
    .strictObject({
      stacks: z
        .record(name, stackSettings)
        .default({})
        .meta({ description: "Sets of alerts that are provisioned together, by name; default: hosts and cluster" }),
      installation: z
        .string()
        .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "use lower-case letters, digits, dots and dashes, at most 63")
        .optional()
        .meta({
          description:
            "Who provisions these stacks, in the tags of what is provisioned: another installation with a stack of the same name is refused instead of overwritten",
        }),
      runbooks: z
        .url({ protocol: /^https?$/ })
        .optional()
        .meta({
          description:
            "Where people find docs/alerts.md: what Prometheus and Datadog tell links to its sections; without it, it only names them",
          examples: ["https://wiki.example.org/backups/alerts"],
        }),
      alertmanager: z
        .strictObject({
          secrets: absolutePath.optional().meta({
            description: "Folder with a file for each chat and service on call; default: /etc/alertmanager/secrets",
          }),
          smarthost: z
            .string()
            .regex(/^(?:\[[^\]]+\]|[^\s:/]+):\d{1,5}$/, "write HOST:PORT")
            .optional()
            .meta({ description: "Takes its mails; default: localhost:25" }),
          sender: z.string().min(1).optional().meta({ description: "Of its mails; default: alertmanager@localhost" }),
        })
        .prefault({}),
      datadog: z
        .strictObject({
          site: z.enum(datadogSites).optional().meta({
            description:
              "Where the organisation is, as in the address of its pages; default: what DD_SITE says, else datadoghq.com",
          }),
          url: z
            .url({ protocol: /^https?$/ })
            .optional()
            .meta({ description: "Of the API, instead of the site: a proxy, a test" }),
          api_key: secretReference.default({ environment: "DD_API_KEY" }),
          application_key: secretReference
            .default({ environment: "DD_APP_KEY" })
            .meta({ description: "With the right to write what is synced: monitors_write, dashboards_write" }),
        })
        .prefault({}),
    })
    .meta({ description: "Alerts and dashboards as code: see pantheros monitors" }),
);
export type ProvisioningSettings = z.infer<typeof provisioning>;

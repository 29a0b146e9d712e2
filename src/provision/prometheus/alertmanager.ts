import type { AnyAlert } from "../../model/alert/alert.ts";
import { severitiesOf } from "../../model/alert/condition.ts";
import { recoveryPoint } from "../../model/alert/service-level.ts";
import type { Routes, Stack } from "../../model/alert/stack.ts";
import { StepError } from "../../model/run/outcome.ts";
import { toYaml } from "../yaml.ts";
import { burningId } from "./service-levels.ts";

/** What differs between the places where an Alertmanager runs. */
export interface AlertmanagerPlace {
  /** Folder of one file for each chat and each service on call, named like it, that holds its address or key. @default /etc/alertmanager/secrets */
  readonly secrets?: string | undefined;
  /** HOST:PORT that takes mail. @default localhost:25 */
  readonly smarthost?: string | undefined;
  /** Sender of mails. @default alertmanager@localhost */
  readonly sender?: string | undefined;
}

/** The alert of `monitors/` for the promise whose service level this is. */
const recoveryPointMissed = "recovery-point-missed";

type Document = Readonly<Record<string, unknown>>;
/** Receivers, in the order in which they are asked. */
const [onCallers, chats, everybody, nobody] = ["on-call", "chat", "email", "nobody"] as const;

/**
 * Who is told what, as https://prometheus.io/docs/alerting/latest/configuration/ has it: mail for all, the chat for what is critical, who is
 * on call for what is critical on production hosts. No secret is in it: it names files.
 * @throws StepError `config` for a chat or a service that it does not know
 */
export function alertmanagerConfig(alerts: readonly AnyAlert[], stack: Stack, place: AlertmanagerPlace = {}): string {
  const {
    secrets = "/etc/alertmanager/secrets",
    smarthost = "localhost:25",
    sender = "alertmanager@localhost",
  } = place;
  const receivers = receiversOf(stack.routes, secrets);
  const mail = { smtp_smarthost: smarthost, smtp_from: sender, smtp_require_tls: !isLocal(smarthost) };
  const document = {
    ...(stack.routes.email.length === 0 ? {} : { global: mail }),
    route: {
      receiver: nobody,
      // One message for what happens on one host at one time.
      group_by: ["host"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "12h",
      routes: routesOf(stack.routes, new Set(receivers.map(({ name }) => name))),
    },
    // What is critical already needs no warning as well.
    inhibit_rules: [
      {
        source_matchers: ['severity="critical"'],
        target_matchers: ['severity="warning"'],
        equal: ["pantheros_id", ...labelsOfBoth(alerts, stack)],
      },
      // Who knows that a recovery point is missed now, knows that it has been.
      {
        source_matchers: [`pantheros_id="${recoveryPointMissed}"`],
        target_matchers: [`pantheros_id="${burningId(recoveryPoint)}"`],
        equal: ["host", "objective"],
      },
    ],
    receivers,
  };
  return toYaml(document, `Made from monitors/ by: pantheros rules render --stack ${stack.name} --format alertmanager`);
}

function receiversOf(routes: Routes, secrets: string): readonly (Document & { readonly name: string })[] {
  const { email, chat, onCall } = routes;
  const callers = { name: onCallers, pagerduty_configs: onCall.map((name) => pagerduty(bare(name), secrets)) };
  const rooms = { name: chats, slack_configs: chat.map((name) => slack(bare(name), secrets)) };
  const mails = {
    name: everybody,
    email_configs: email.map((address) => ({ to: bare(address), send_resolved: true })),
  };
  return [
    { name: nobody },
    ...(onCall.length === 0 ? [] : [callers]),
    ...(chat.length === 0 ? [] : [rooms]),
    ...(email.length === 0 ? [] : [mails]),
  ];
}

/** Each of them that applies is taken, the last one for everything. */
function routesOf({ production }: Routes, receivers: ReadonlySet<string>): readonly Document[] {
  const critical = 'severity="critical"';
  // Anchored by Alertmanager itself.
  const hosts = `host=~${JSON.stringify(production.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"))}`;
  const all = [
    ...(production.length === 0 ? [] : [{ receiver: onCallers, matchers: [critical, hosts] }]),
    { receiver: chats, matchers: [critical] },
    { receiver: everybody, matchers: ['pantheros_id!=""'] },
  ];
  return all.filter(({ receiver }) => receivers.has(receiver)).map((route) => ({ ...route, continue: true }));
}

/** Slack's own address of a channel, or Discord's with `/slack` at its end, which takes the same. */
function slack(name: string, secrets: string): Document {
  if (!/^(?:slack|discord)-/.test(name)) throw unknownHandle(name, "a chat: slack-NAME or discord-NAME");
  return {
    api_url_file: `${secrets}/${name}`,
    send_resolved: true,
    title: "{{ .Status | toUpper }} {{ .CommonLabels.host }}: {{ len .Alerts }}",
    text: "{{ range .Alerts }}{{ .Annotations.summary }}\n{{ .Annotations.todo }}\n{{ or .Annotations.runbook_url .Annotations.runbook }}\n\n{{ end }}",
  };
}

function pagerduty(name: string, secrets: string): Document {
  if (!name.startsWith("pagerduty-")) throw unknownHandle(name, "a service on call: pagerduty-NAME");
  return { routing_key_file: `${secrets}/${name}`, send_resolved: true };
}

function unknownHandle(name: string, what: string): StepError {
  return new StepError("config", `${name} is not known to be ${what}`, {
    advice: "name it so in the routes of the stack, or render for Datadog alone",
  });
}

/** Names of Datadog's handles are the same ones, with an @ before them. */
const bare = (name: string) => name.replace(/^@/, "");

const isLocal = (smarthost: string) => /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/.test(smarthost);

/** What tells the groups of alerts with both levels apart. */
function labelsOfBoth(alerts: readonly AnyAlert[], stack: Stack): readonly string[] {
  const both = alerts.map((alert) => alert.condition(stack)).filter((each) => severitiesOf(each).length > 1);
  return [...new Set(both.flatMap(({ by }) => by))].sort();
}

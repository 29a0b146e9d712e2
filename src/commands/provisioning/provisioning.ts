import { suggest } from "../../config/closest.ts";
import { type Command, type CommandOption, defineCommand, type Invocation, UsageError } from "../command.ts";
import type { Subject } from "./subject.ts";

type Action = (subject: Subject, invocation: Invocation) => Promise<number>;

interface SharedAction {
  readonly load: () => Promise<Action>;
  /** Which of the options are for it; any other is refused, since whoever gave it expects something of it. */
  readonly takes: readonly string[];
}

/** What one subject alone can do. */
export interface OwnAction {
  readonly load: () => Promise<Action>;
  /** Its lines of the help. */
  readonly about: string;
  /** The words after it: what they are, and how many at most. */
  readonly words: { readonly summary: string; readonly most: number };
  /** Options of every subject that are for it too. */
  readonly takes: readonly string[];
  /** Options that are for it alone. */
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly examples?: readonly (readonly [command: string, about: string])[];
}

/** What can be done with every subject: one entry each; a file is loaded only when it is asked for. */
const actions: Readonly<Record<string, SharedAction>> = {
  plan: {
    load: async () => (await import("./plan.ts")).planAction,
    takes: ["stack", "only", "out", "markdown", "unmarked"],
  },
  sync: {
    load: async () => (await import("./sync.ts")).syncAction,
    takes: ["stack", "only", "markdown", "yes", "unmarked"],
  },
  validate: {
    load: async () => (await import("./validate.ts")).validateAction,
    takes: ["stack", "only", "local"],
  },
  pull: {
    load: async () => (await import("./pull.ts")).pullAction,
    takes: ["stack", "only", "out"],
  },
  prune: {
    load: async () => (await import("./prune.ts")).pruneAction,
    takes: ["stack", "out", "yes", "most"],
  },
};

const options: Readonly<Record<string, CommandOption>> = {
  stack: { type: "string", value: "NAME", summary: "the set of definitions; needed where there are several" },
  only: { type: "string", value: "ID,…", summary: "only these, with what they need" },
  out: { type: "string", value: "PATH", summary: "plan: also write it to a file; pull, prune, import: the folder" },
  markdown: { type: "boolean", summary: "plan, sync: as a comment for a pull request" },
  local: { type: "boolean", summary: "validate: ask no server, need no keys" },
  yes: { type: "boolean", summary: "sync, prune: do it without asking" },
  unmarked: {
    type: "string",
    value: "adopt|beside",
    summary:
      "plan, sync: one that has the title of a new one and no mark is ours again, or gets a second one beside it",
  },
  most: { type: "string", value: "N", summary: "prune: at most so many; default: 10" },
};

/** The command of a subject: all of them take the same words, besides what is its own. */
export function provisioningCommand(
  subject: Subject,
  about: string,
  own: Readonly<Record<string, OwnAction>> = {},
): Command {
  const { word } = subject;
  const added = Object.entries(own);
  const known: Readonly<Record<string, SharedAction>> = {
    ...actions,
    ...Object.fromEntries(
      added.map(([name, { load, takes, options: own }]) => [name, { load, takes: [...takes, ...Object.keys(own)] }]),
    ),
  };
  const lines = added.map(([, action]) => action.about).join("\n");
  const words = added.map(([name, action]) => `; ${name}: ${action.words.summary}`).join("");
  const most: Readonly<Record<string, number>> = {
    sync: 1,
    ...Object.fromEntries(added.map(([name, action]) => [name, action.words.most])),
  };
  return defineCommand({
    name: word,
    description: `
${about}

plan      what a sync would change, field by field, and what somebody has edited in Datadog since the last sync. Writes nothing.
          Exit code 0: nothing to do, 5: changes pending, 1: it failed.
sync      makes it so: creates and updates, each after what it needs, at most four at a time. On a terminal it shows the plan
          and asks first; elsewhere, or with --yes, it goes on. With FILE, a plan that plan --out has written, it does that
          and nothing else, and refuses when anything has changed since. What is not ours is never touched: ours is what says
          managed_by:pantheros, pantheros_stack and pantheros_id, in its tags or in the last line of its description.
validate  looks for mistakes in the definitions, all at once: rules that need nobody, then what Datadog's own client would
          not send, then Datadog's own check, which it has for monitors.
pull      prints the bodies of what is there and ours, or writes them into a folder.
prune     shows what is ours and no longer defined, and asks; then, or with --yes, saves each body and deletes it. Where
          there is no terminal to ask on, it deletes nothing without --yes. Exit codes as those of plan.
${lines}

The keys come from provisioning.datadog in the configuration, else from DD_API_KEY and DD_APP_KEY, and are never printed. Without a
configuration the stacks that pantheros ships are used.`,
    arguments: [
      { name: Object.keys(known).join("|"), summary: "what to do" },
      {
        name: "FILE",
        optional: true,
        many: Math.max(...Object.values(most)) > 1,
        summary: `sync: the plan to carry out${words}`,
      },
    ],
    options: Object.fromEntries(
      [options, ...added.map(([, action]) => action.options)].flatMap(Object.entries<CommandOption>),
    ),
    examples: [
      [`pantheros ${word} plan --stack hosts`, "what would change"],
      [`pantheros ${word} plan --stack hosts --out plan.json`, "for somebody to look at"],
      [`pantheros ${word} sync plan.json`, "exactly that, or nothing"],
      [`pantheros ${word} plan --stack hosts --markdown`, "as a comment for a pull request"],
      [`pantheros ${word} prune --stack hosts --yes`, "deletes what is no longer defined"],
      ...added.flatMap(([, { examples = [] }]) => examples),
    ],
    async run(invocation) {
      const [action = "", ...files] = invocation.arguments;
      const found = Object.hasOwn(known, action) ? known[action] : undefined;
      if (found === undefined) throw new UsageError(`${word} ${action}: ${suggest(action, Object.keys(known), "")}`);
      const few = most[action] ?? 0;
      if (files.length > few)
        throw new UsageError(`${word} ${action} takes ${few === 0 ? "no" : "one"} file: ${files[few]}`);
      refuseOptions(`${word} ${action}`, found.takes, invocation);
      return await (await found.load())(subject, invocation);
    },
  });
}

/** Taken by every command. */
const common = ["config", "json", "help"];

function refuseOptions(what: string, takes: readonly string[], { options: given, json }: Invocation): void {
  const strange = Object.keys(given).find((name) => !takes.includes(name) && !common.includes(name));
  const own = takes.map((name) => `--${name}`).join(", ");
  if (strange !== undefined) throw new UsageError(`--${strange} is not for ${what}: leave it out\n  → it takes ${own}`);
  if (json && given["markdown"] === true) throw new UsageError("--json or --markdown: choose one of them");
  const { only } = given;
  if (typeof only === "string" && /^[\s,]*$/.test(only))
    throw new UsageError("--only is empty\n  → name ids, with commas between them, or leave it out");
}

import { suggest } from "../config/closest.ts";
import { type NamedSecret, secretsOf } from "../config/secret-uses.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { openHost } from "./host.ts";
import { lookAt, report, type SecretLook } from "./secrets/look.ts";

const actions = ["check", "init"] as const;

export const secrets = defineCommand({
  name: "secrets",
  description: `
The configuration never holds a secret, only where each is read from. This lists them all – of every section and every step –, says what
is wrong with each, and creates the missing ones. No value is ever printed.

check   (or nothing) which secrets there are, who uses them and whether they can be used. Exit code 1 when a file cannot.
init    creates the files that are missing: asks for each value without showing it, offers to generate what nobody else gives you
        (passwords of repositories, the token of /metrics), writes each whole or not at all, for its owner only (0600). With NAMEs only
        those; one that exists is replaced only after asking, or with --force.

A NAME is what the list shows: the name of the file, its whole path, or a place in the configuration (repositories.main.password).
Values never belong on the command line, where every user can read them and the shell remembers them: without a terminal they come
from standard input.

A generated repository password exists in that one file. Keep a copy elsewhere: without it nothing can be restored, by anybody.`,
  arguments: [
    { name: "check|init", optional: true, summary: "what to do (default: check)" },
    { name: "NAME", optional: true, many: true, summary: "only these secrets" },
  ],
  options: {
    "from-stdin": { type: "boolean", summary: "init: the value of one NAME comes from standard input, to its end" },
    generate: { type: "boolean", summary: "init: make up what may be made up, ask for nothing" },
    force: {
      type: "boolean",
      summary: "init: replace what exists, except for a repository's password by another one made up",
    },
  },
  examples: [
    ["pantheros secrets", "after every change of the configuration"],
    ["pantheros secrets init", "asks for whatever is missing"],
    ["pantheros secrets init restic.password --generate", "does not ask: a new one of 256 bits"],
    ["pass show b2/key | pantheros secrets init b2.key --from-stdin", "from a password manager"],
    ["pantheros secrets init b2.key --from-stdin --force < new.key", "a key was renewed"],
  ],
  async run(invocation) {
    const [action = "check", ...names] = invocation.arguments;
    if (action !== "check" && action !== "init")
      throw new UsageError(`secrets ${action}: ${suggest(action, actions, "")}`);
    const host = await openHost(invocation);
    const all = secretsOf(host.loaded, (uses) => host.runnerFor(uses).options);
    const chosen = names.length === 0 ? all : names.map((name) => secretCalled(name, all));
    if (action === "check") return check(chosen, invocation);
    const { initSecrets } = await import("./secrets/init.ts");
    return await initSecrets(chosen, { named: names.length > 0 }, invocation);
  },
});

function check(chosen: readonly NamedSecret[], invocation: Invocation): number {
  const looks = chosen.map((secret) => lookAt(secret, invocation));
  if (invocation.json) printJson(invocation, looks.map(publicLook));
  else print(invocation, looks.length === 0 ? "the configuration names no secrets" : report(looks, invocation));
  return looks.some(({ state }) => state !== "ok" && state !== "elsewhere") ? 1 : 0;
}

function publicLook({ secret: { name, reference, usedBy }, ...look }: SecretLook) {
  return { name, ...reference, usedBy, ...look };
}

function secretCalled(name: string, all: readonly NamedSecret[]): NamedSecret {
  const found = all.find(
    (secret) =>
      secret.name === name ||
      ("file" in secret.reference && secret.reference.file === name) ||
      secret.usedBy.includes(name),
  );
  if (found) return found;
  const names = all.flatMap((secret) => [secret.name, ...secret.usedBy]);
  const known = suggest(
    name,
    names.includes(name) ? [] : all.map((secret) => secret.name),
    "the configuration names none",
  );
  throw new UsageError(`there is no secret ${JSON.stringify(name)}: ${known}`);
}

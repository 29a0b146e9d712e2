import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { jsonSchema } from "../config/json-schema.ts";
import { generateSecret, writeSecretFile } from "../config/secret-file.ts";
import { loadRunners } from "../runners/index.ts";
import { isSubvolume } from "../tools/btrfs/btrfs.ts";
import { defineCommand, type Invocation, print, printJson, tell, UsageError } from "./command.ts";
import { type Answers, firstConfiguration, keysFor, schemaFile } from "./first-configuration.ts";
import { configurationPlaces } from "./host.ts";
import { canAsk, createAsker } from "./terminal/asker.ts";

const root = process.getuid?.() === 0;

export const init = defineCommand({
  name: "init",
  description: `
Writes a first, commented configuration that passes "pantheros config check": one job that backs up one folder with restic – from a
read-only snapshot of it, where it is a Btrfs subvolume. Asks what it is not told; without a terminal everything comes from options.

The password file is created with a random password when it does not exist. Keep a copy of it elsewhere: without it nothing can be restored.`,
  arguments: [],
  options: {
    source: { type: "string", short: "s", value: "PATH", summary: "what to protect: a folder or a Btrfs subvolume" },
    repository: {
      type: "string",
      short: "r",
      value: "PLACE",
      summary: "restic repository: a path, s3:https://…, rest:https://…",
    },
    host: { type: "string", value: "NAME", summary: "this host's name in every series (default: its host name)" },
    "password-file": { type: "string", value: "PATH", summary: "default: beside the configuration, restic.password" },
    "state-directory": {
      type: "string",
      value: "PATH",
      summary: "where the ledger lives (default: /var/lib/pantheros as root)",
    },
    output: {
      type: "string",
      short: "o",
      value: "FILE",
      summary: "default: /etc/pantheros/pantheros.yaml as root, else ./pantheros.yaml",
    },
    force: { type: "boolean", summary: "overwrite a configuration that exists" },
  },
  examples: [
    ["pantheros init", "asks"],
    ["pantheros init --source /home --repository /srv/restic", "does not ask"],
  ],
  async run(invocation) {
    const output = resolve(
      invocation.directory,
      given(invocation, "output") ?? (root ? "/etc/pantheros/pantheros.yaml" : "pantheros.yaml"),
    );
    if (existsSync(output) && !invocation.options["force"]) {
      throw new UsageError(
        `${output} exists already\n  → look at it with: pantheros config show; to replace it: --force`,
      );
    }
    const answers = await ask(invocation, output);
    mkdirSync(dirname(output), { recursive: true, mode: 0o750 });
    const createdPassword = createPassword(answers.passwordFile);
    writeFileSync(output, firstConfiguration(answers), { mode: 0o640 });
    // Editors complete the configuration by it: its first lines name this file.
    writeFileSync(
      resolve(dirname(output), schemaFile),
      `${JSON.stringify(jsonSchema(await loadRunners()), null, 2)}\n`,
      {
        mode: 0o644,
      },
    );
    if (invocation.json)
      printJson(invocation, { file: output, password_file: answers.passwordFile, password_created: createdPassword });
    else tellNext(invocation, output, answers, createdPassword);
    if (!existsSync(answers.source))
      tell(invocation, `! ${answers.source} is not there yet: until it is, the job fails (source)`);
    return 0;
  },
});

async function ask(invocation: Invocation, output: string): Promise<Answers> {
  const source = absolute(
    invocation,
    "source",
    await answer(invocation, "source", "What shall be protected (a folder)?", "/home"),
  );
  const repository = await answer(invocation, "repository", "Where to (a restic repository)?", "/srv/restic");
  return {
    host: (given(invocation, "host") ?? hostname()).split(".")[0]?.replaceAll(/[^A-Za-z0-9._-]/g, "-") || "host",
    source,
    isSubvolume: existsSync(source) && (await isSubvolume(source)),
    repository: /^[a-z0-9]+:/i.test(repository) ? repository : resolve(invocation.directory, repository),
    passwordFile: absolute(
      invocation,
      "password-file",
      given(invocation, "password-file") ?? resolve(dirname(output), "restic.password"),
    ),
    stateDirectory: absolute(
      invocation,
      "state-directory",
      given(invocation, "state-directory") ?? defaultState(invocation),
    ),
  };
}

async function answer(invocation: Invocation, option: string, question: string, fallback: string): Promise<string> {
  const told = given(invocation, option);
  if (told !== undefined) return told;
  if (!canAsk(invocation)) throw new UsageError(`there is no terminal to ask on: give --${option}`);
  const asker = createAsker(invocation);
  try {
    return (await asker.line(`${question} [${fallback}] `)) || fallback;
  } finally {
    asker.close();
  }
}

function given(invocation: Invocation, option: string): string | undefined {
  const value = invocation.options[option];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function absolute(invocation: Invocation, option: string, path: string): string {
  if (path.includes("\n"))
    throw new UsageError(`--${option}: a path with a line break cannot be written into a configuration`);
  return resolve(invocation.directory, path);
}

function defaultState(invocation: Invocation): string {
  if (root) return "/var/lib/pantheros";
  const { XDG_STATE_HOME, HOME } = invocation.environment;
  return XDG_STATE_HOME ? `${XDG_STATE_HOME}/pantheros` : `${HOME ?? invocation.directory}/.local/state/pantheros`;
}

/** @returns whether it was created; one that exists is never touched */
function createPassword(file: string): boolean {
  if (existsSync(file)) return false;
  mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
  writeSecretFile(file, generateSecret());
  return true;
}

function tellNext(invocation: Invocation, output: string, answers: Answers, createdPassword: boolean): void {
  print(invocation, `wrote ${output}`);
  if (createdPassword)
    tell(invocation, `wrote ${answers.passwordFile}: keep a copy elsewhere, without it nothing can be restored`);
  const isFound = configurationPlaces(invocation.directory).find((place) => existsSync(place)) === output;
  const where = isFound ? "" : ` --config ${output}`;
  print(
    invocation,
    [
      "next:",
      ...(keysFor(answers.repository).length > 0 ? [`  pantheros secrets init${where}`] : []),
      `  pantheros doctor${where}`,
      `  pantheros run backup${where}`,
      `  pantheros up${where}`,
      "then: curl http://127.0.0.1:9471/metrics; to let it run after every boot: pantheros up --help",
    ].join("\n"),
  );
}

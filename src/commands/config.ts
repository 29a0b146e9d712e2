import { suggest } from "../config/closest.ts";
import { jsonSchema } from "../config/json-schema.ts";
import { ConfigError, formatProblems } from "../config/problems.ts";
import { formatConfig, redactedConfig } from "../config/redacted.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { loadRunners } from "../runners/index.ts";
import { defineCommand, type Invocation, print, printJson, UsageError } from "./command.ts";
import { configurationFile, type Host, openHost } from "./host.ts";
import { createStyle } from "./terminal/style.ts";

const actions = ["check", "show", "schema"] as const;

export const config = defineCommand({
  name: "config",
  description: `
check   reads the configuration and reports every problem at once, with its line, column and a hint. Exit code 2 when there is one.
show    prints the effective configuration with all defaults; secrets are redacted.
schema  prints the JSON Schema, by which editors complete and check the file: put this line at its top
        # yaml-language-server: $schema=./pantheros.schema.json`,
  arguments: [{ name: "check|show|schema", summary: "what to do" }],
  options: {},
  examples: [
    ["pantheros config check", "before every change goes live"],
    ["pantheros config schema > pantheros.schema.json", "for editors"],
  ],
  async run(invocation) {
    const action = actions.find((known) => known === invocation.arguments[0]);
    if (action === "check") return await check(invocation);
    if (action === "show") show(await openHost(invocation), invocation);
    else if (action === "schema") print(invocation, JSON.stringify(jsonSchema(await loadRunners()), null, 2));
    else
      throw new UsageError(
        `config ${invocation.arguments[0]}: ${suggest(String(invocation.arguments[0]), actions, "")}`,
      );
    return exitCodes.success[0];
  },
});

async function check(invocation: Invocation): Promise<number> {
  try {
    const { config: checked, loaded } = await openHost(invocation, { anew: true });
    const counts = { jobs: Object.keys(checked.jobs).length, subvolumes: Object.keys(checked.subvolumes).length };
    if (invocation.json) printJson(invocation, { file: loaded.file, ok: true, problems: [], ...counts });
    else
      print(
        invocation,
        `${loaded.file}: no problems (${counted(counts.jobs, "job")}, ${counted(counts.subvolumes, "subvolume")})`,
      );
    return exitCodes.success[0];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (invocation.json)
      printJson(invocation, { file: configurationFile(invocation), ok: false, problems: error.problems });
    else
      print(
        invocation,
        formatProblems(error, { colour: createStyle(invocation.stdout, invocation.environment).isColoured }),
      );
    return exitCodes.usage[0];
  }
}

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

function show({ config: effective }: Host, invocation: Invocation): void {
  if (invocation.json) print(invocation, JSON.stringify(redactedConfig(effective)));
  else print(invocation, formatConfig(effective));
}

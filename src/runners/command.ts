import * as z from "zod";
import { absolutePath, type SecretReference, secretReference } from "../config/schema.ts";
import { StepError } from "../model/outcome.ts";
import type { Secret } from "../model/secret.ts";
import { defineRunner, type RunnerContext } from "./runner.ts";

/** What is kept of a command's output: the end, where it says what went wrong. */
const tailCharacters = 16 * 1024;

export const command = defineRunner({
  uses: "command",
  summary: "Runs a program, never through a shell; exit code 0 is success.",
  // What a program does is its own affair: nothing less can be promised.
  risk: "deletes",
  kind: "other",
  options: z.strictObject({
    argv: z
      .tuple([z.string().min(1)], z.string())
      .meta({ description: "Program and arguments; may hold references like ${snap.path}" }),
    environment: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([z.string(), secretReference]))
      .default({})
      .meta({ description: "Added to PATH, HOME, LC_ALL=C and TZ=UTC; the program sees no other variables" }),
    directory: absolutePath.optional().meta({ description: "Working directory; default: that of pantheros" }),
  }),
  produces: z.object({
    exit_code: z.int().meta({ description: "0; null in a dry run" }).nullable(),
    duration_seconds: z.number().meta({ description: "How long the program ran" }),
  }),
  target: () => null,

  async check({ argv, environment }, context) {
    const variables = variablesOf(environment, context);
    const [program] = argv;
    // What an earlier step may have yet to make is not looked for: a program of its own, the working directory.
    const known = !program.includes("${") && (program.startsWith("/") || !program.includes("/"));
    if (known) context.resolveProgram({ argv: [program], environment: variables });
  },

  async run({ argv, environment, directory }, context) {
    const [program, ...args] = argv;
    const shown = argv
      .map((argument) => (/^[\w@%+=:,./-]+$/.test(argument) ? argument : JSON.stringify(argument)))
      .join(" ");
    if (context.dryRun) {
      return { evidence: { exit_code: null, duration_seconds: 0 }, message: `would run ${shown}` };
    }
    const lines = createTail(tailCharacters);
    const result = await context.execute({
      argv: [program, ...args],
      environment: variablesOf(environment, context),
      ...(directory === undefined ? {} : { directory }),
      onStdoutLine: lines.add,
      onStderrLine: lines.add,
    });
    const tail = lines.text();
    const { exitCode, signal } = result;
    if (exitCode !== 0) {
      const how = signal === null ? `ended with exit code ${exitCode}` : `was ended by ${signal}`;
      const reason = signal === null ? "unknown" : "killed";
      const advice = "look at the last lines of its output (pantheros runs show), or run it by hand";
      throw new StepError(reason, `${program} ${how}`, { advice, exitCode, signal, tail });
    }
    return {
      evidence: { exit_code: 0, duration_seconds: result.durationSeconds },
      tail,
      message: `${shown} succeeded`,
    };
  },
});

function variablesOf(
  written: Readonly<Record<string, string | SecretReference>>,
  { readSecret }: RunnerContext,
): Record<string, string | Secret> {
  const variables = Object.entries(written);
  return Object.fromEntries(
    variables.map(([name, value]) => [name, typeof value === "string" ? value : readSecret(value)]),
  );
}

/** The last lines of both outputs, in the order in which they came. */
function createTail(characters: number) {
  const lines: string[] = [];
  let size = 0;
  return {
    add(line: string): void {
      lines.push(line.slice(-characters));
      size += Math.min(line.length, characters) + 1;
      while (size > characters && lines.length > 1) size -= (lines.shift()?.length ?? 0) + 1;
    },
    text: () => lines.join("\n"),
  };
}

import * as z from "zod";
import { absolutePath } from "../config/scalars.ts";
import { requireProgram, runProgram, showArgv } from "./run-program.ts";
import { defineRunner } from "./runner.ts";

export const command = defineRunner({
  uses: "command",
  summary: "Runs a program, never through a shell; exit code 0 is success.",
  // What a program does is its own affair: nothing less can be promised.
  risk: "deletes",
  kind: "other",
  options: () =>
    z.strictObject({
      argv: z
        .tuple([z.string().min(1)], z.string())
        .meta({ description: "Program and arguments; may hold references like ${snap.path}" }),
      directory: absolutePath.optional().meta({ description: "Working directory; default: that of pantheros" }),
    }),
  produces: () =>
    z.object({
      exit_code: z.int().meta({ description: "0; null in a dry run" }).nullable(),
      duration_seconds: z.number().meta({ description: "How long the program ran" }),
    }),
  target: () => null,

  async check({ argv }, context) {
    requireProgram(argv[0], context);
  },

  async run({ argv, directory }, context) {
    const shown = showArgv(argv);
    if (context.dryRun) {
      return { evidence: { exit_code: null, duration_seconds: 0 }, message: `would run ${shown}` };
    }
    const { tail, durationSeconds } = await runProgram({ argv, directory }, context);
    return { evidence: { exit_code: 0, duration_seconds: durationSeconds }, tail, message: `${shown} succeeded` };
  },
});

import * as z from "zod";
import { repositoryName } from "../config/scalars.ts";
import { StepError } from "../model/run/outcome.ts";
import { initLike } from "../tools/restic/copy.ts";
import { createRestic } from "../tools/restic/restic.ts";
import { refuseToReplace, repositoryOf, resticVersion } from "./open-repository.ts";
import { defineRunner } from "./runner.ts";

export const resticInit = defineRunner({
  uses: "restic.init",
  summary: "Creates a restic repository where there is none yet, and proves that it can be opened.",
  risk: "creates",
  kind: "other",
  options: () =>
    z.strictObject({
      repository: repositoryName,
      copy_chunker_params_from: repositoryName.optional().meta({
        description:
          "Repository from which snapshots will be copied: both then cut files alike and share data (hub.sync)",
      }),
    }),
  produces: () =>
    z.object({
      repository: z.string().meta({ description: "Its name in the configuration" }),
      repository_id: z.string().meta({ description: "As restic numbers it; empty in a dry run that would create it" }),
      created: z.boolean().meta({ description: "False: it was there already" }),
    }),
  target: (options) => options.repository,

  async check(options, context) {
    await resticVersion(repositoryOf(options.repository, context), context);
    if (options.copy_chunker_params_from !== undefined) repositoryOf(options.copy_chunker_params_from, context);
  },

  async run(options, context) {
    const repository = repositoryOf(options.repository, context);
    const restic = createRestic(repository, context.execute);
    const existing = await restic.id();
    if (existing !== null) {
      const evidence = { repository: repository.name, repository_id: existing, created: false };
      return { evidence, message: `the repository ${repository.name} is there already` };
    }
    refuseToReplace(repository.name, context);
    if (context.dryRun) {
      const evidence = { repository: repository.name, repository_id: "", created: false };
      return { evidence, message: `would create the repository ${repository.name}` };
    }
    const like = options.copy_chunker_params_from;
    if (like === undefined) await restic.init();
    else await initLike(repositoryOf(like, context), repository, context.execute);
    const made = await restic.id();
    if (made === null) {
      throw new StepError("verification", `restic says it created ${repository.name}, but there is no repository`, {
        advice: "look at what else writes to its place",
      });
    }
    const evidence = { repository: repository.name, repository_id: made, created: true };
    return { evidence, message: `created the repository ${repository.name}` };
  },
});

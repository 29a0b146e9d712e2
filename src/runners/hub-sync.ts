import { withDestination } from "../tools/destinations/open-destination.ts";
import { copyRepositories } from "./hub-copy/files.ts";
import { HubEvidence, HubOptions } from "./hub-copy/options.ts";
import { copySnapshotsOf } from "./hub-copy/snapshots.ts";
import { repositoryOf, resticVersion } from "./open-repository.ts";
import { defineRunner } from "./runner.ts";
import { requireFolder, requireRclone } from "./upload.ts";

export const hubSync = defineRunner({
  uses: "hub.sync",
  summary: "Brings the repositories of a restic hub to a further place and proves that every snapshot has arrived.",
  // With `remove`, and a file of another size at the destination is written again.
  risk: "deletes",
  kind: "copy",
  options: HubOptions,
  produces: HubEvidence,
  target: ({ method, into, to }) => (method === "restic" ? into : to) ?? null,

  async check(options, context) {
    const { method, repository, into, hub, to } = options;
    if (method === "restic") {
      for (const name of [repository, into]) {
        await resticVersion(repositoryOf(name as string, context), context);
      }
      return;
    }
    await requireRclone(context);
    await requireFolder(hub as string);
    await withDestination(to as string, context, (destination) => destination.probe());
  },

  run: (options, context) =>
    options.method === "restic" ? copySnapshotsOf(options, context) : copyRepositories(options, context),
});

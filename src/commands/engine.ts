import { defineCommand } from "./command.ts";
import { runHostEngine } from "./engine-host.ts";
import { openHost } from "./host.ts";

export const engine = defineCommand({
  name: "engine",
  description: `
Looks at what really exists on each collector's interval, finds the true end of runs whose process is gone, sends metrics that are
still owed, and starts the jobs whose scheduler is "internal". Runs until it is stopped. Needs the rights to list Btrfs snapshots (root).`,
  arguments: [],
  options: {},
  examples: [["pantheros engine", "in the foreground; SIGTERM ends it"]],
  async run(invocation) {
    await runHostEngine(await openHost(invocation), invocation);
    return 0;
  },
});

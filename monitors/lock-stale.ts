import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

/** A lock in use is made anew every few minutes: one that grows old belongs to a process that is gone. */
export const lockStale = defineAlert({
  id: "lock-stale",
  title: "Repository has an old lock",
  condition: ({ thresholds }) =>
    above(
      highest("repositoryLockAge", { by: ["host", "repository"] }),
      { warning: thresholds.lockAge },
      { absent: "well" },
    ),
  summary: ({ host, repository, value }) => `The oldest lock in ${repository}, as ${host} sees it, is ${value} old.`,
  why: "While it is there nothing can be pruned: the repository grows, and its cost with it.",
  remedies: () => [
    { what: "See whether a run is still at work, here or on another host", command: "pantheros status" },
    { what: "See which lock it is and since when it is there", command: "pantheros collect restic" },
    {
      what: "Where nobody is at work any more: remove stale locks, with the repository's password and environment",
      command: "restic unlock",
    },
  ],
});

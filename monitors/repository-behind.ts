import { defineAlert } from "../src/model/alert/alert.ts";
import { above } from "../src/model/alert/condition.ts";
import { highest } from "../src/model/alert/expression.ts";

/** What a hub sees of hosts that push to it, whether or not pantheros runs there. A laptop may be asleep: that is no reason to call anybody. */
export const repositoryBehind = defineAlert({
  id: "repository-behind",
  title: "Nobody stores in a repository any more",
  condition: ({ thresholds }) =>
    above(highest("repositoryOthersAge", { by: ["host", "repository"] }), { warning: thresholds.sinceSuccess }),
  summary: ({ host, repository, value }) =>
    `The newest snapshot that ${host} sees in the repository ${repository} is ${value} old.`,
  why: "Whoever pushes there has stopped, and cannot say so if the whole machine is gone.",
  remedies: () => [
    { what: "See which hosts have stored there, and when", command: "pantheros status" },
    { what: "Look again now", command: "pantheros collect restic" },
    { what: "See on the host that pushes why it does not" },
    { what: "Where nobody shall store any more, say so in its configuration: retired: true" },
  ],
});

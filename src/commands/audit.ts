import { isAbsolute, resolve } from "node:path";
import { auditLayout } from "../model/layout/audit.ts";
import { layoutRules } from "../model/layout/finding.ts";
import { exitCodes } from "../model/run/exit-codes.ts";
import { createExecute } from "../tools/exec.ts";
import { lookAtLayout } from "../tools/layout/look.ts";
import { judgeable, layoutOptions, openLayout } from "./audit/layout.ts";
import { type AuditView, auditText } from "./audit/view.ts";
import { defineCommand, print, printJson } from "./command.ts";

export const audit = defineCommand({
  name: "audit",
  description: `
Holds the Btrfs of this host against the layout that it shall have: which subvolumes there are, where they are mounted, whether they are copied
on write and compressed, on which filesystem. Each rule on each subvolume holds, is violated – with the commands that mend it – or is
unknown, with the reason. Changes nothing. The layout is a profile, named or chosen by the hardware report of nixos-facter, and what the
section layout of the configuration says.

nodatacow and compress= at the mount of one subvolume mean nothing to Btrfs: it has them once for a whole filesystem. What is shown is what is
really in force for new files: the attribute C, the property compression, the options of the filesystem.

Exit code 0 when everything holds, 1 when something is violated, 3 when nothing is, but something could not be looked at (run it as root).`,
  arguments: [],
  options: {
    ...layoutOptions,
    root: {
      type: "string",
      value: "DIRECTORY",
      summary: "where the system is mounted, e.g. /mnt while installing; default: /",
    },
  },
  examples: [
    ["pantheros audit", "as the configuration says"],
    ["pantheros audit --profile hetzner", "against this profile, without any configuration"],
    ["pantheros audit --facter /etc/nixos/facter.json", "against the profile that fits the hardware"],
    ["pantheros audit --profile yoga --root /mnt", "a system that is being installed"],
  ],
  async run(invocation) {
    const { profile, report, candidates, layout } = await openLayout(invocation);
    const { root: asked } = invocation.options;
    const root = typeof asked !== "string" ? "/" : isAbsolute(asked) ? asked : resolve(invocation.directory, asked);
    const execute = createExecute({
      env: invocation.environment,
      signal: invocation.signal,
      defaultTimeoutSeconds: 60,
    });
    const sight = await judgeable(lookAtLayout(execute, layout, root));
    const { findings, unused } = auditLayout(layout, sight);
    const count = (state: string) => findings.filter((finding) => finding.state === state).length;
    const summary = { holds: count("holds"), violated: count("violated"), unknown: count("unknown") };
    const view: AuditView = {
      profile: profile?.name ?? null,
      report,
      candidates: candidates.map((candidate) => ({ ...candidate, profile: candidate.profile.name })),
      root: sight.root,
      summary,
      findings,
      unused,
      notes: layout.subvolumes.flatMap(({ name, note }) => (note === undefined ? [] : [{ subject: name, note }])),
    };
    if (invocation.json)
      printJson(invocation, {
        ...view,
        rules: Object.entries(layoutRules).map(([rule, meaning]) => ({ rule, meaning })),
      });
    else print(invocation, auditText(view, invocation));
    if (summary.violated > 0) return exitCodes.failed[0];
    return exitCodes[summary.unknown > 0 ? "partial" : "success"][0];
  },
});

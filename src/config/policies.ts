import { StepError } from "../model/run/outcome.ts";
import type { RetentionPolicy } from "./retention.ts";
import type { Config } from "./schema.ts";

/**
 * The policies that have to agree before an artifact may be removed: the pruning step's own, and the one that is promised of what it prunes.
 * A step may keep more than was promised, never less.
 * @param keep as the step has it: the name of a policy, or a policy
 * @param subject what is pruned, for the message, and the name of the policy that it promises
 * @throws StepError `config` when there is neither
 */
export function policiesInForce(
  keep: string | RetentionPolicy | undefined,
  subject: {
    readonly kind: "subvolume" | "repository" | "destination";
    readonly name: string;
    readonly retention?: string | undefined;
  },
  policies: Config["retention"],
): readonly [RetentionPolicy, ...RetentionPolicy[]] {
  const [first, ...others] = new Set([keep, subject.retention].filter((written) => written !== undefined));
  if (first !== undefined) return [policyOf(first, policies), ...others.map((other) => policyOf(other, policies))];
  const what = subject.kind === "destination" ? `what of ${subject.name} is` : `which snapshots of ${subject.name} are`;
  throw new StepError("config", `nothing says ${what} kept`, {
    advice: `give the step a keep, or the ${subject.kind} a retention`,
  });
}

/** The loader has checked that a named policy exists. */
function policyOf(written: string | RetentionPolicy, policies: Config["retention"]): RetentionPolicy {
  if (typeof written !== "string") return written;
  const policy = Object.hasOwn(policies, written) ? policies[written] : undefined;
  if (policy === undefined) throw new TypeError(`no retention policy is called ${written}`);
  return policy;
}

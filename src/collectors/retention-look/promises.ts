import type { RetentionPolicy } from "../../config/retention.ts";
import type { Config } from "../../config/schema.ts";
import type { SubjectKind } from "../collector.ts";

/** Something of which artifacts are made. */
export interface RetentionSubject {
  readonly kind: SubjectKind;
  /** Its name in the configuration. */
  readonly subject: string;
}

/** What one policy promises about one subject. */
export interface RetentionPromise extends RetentionSubject {
  readonly policyName: string;
  readonly policy: RetentionPolicy;
}

/** Every subject that is declared, with the promise where there is one. */
export function subjectsOf(
  config: Config,
): readonly (RetentionSubject & { readonly promise: RetentionPromise | null })[] {
  const sections = [
    ["subvolume", config.subvolumes],
    ["repository", config.repositories],
    ["destination", config.destinations],
  ] as const;
  return sections.flatMap(([kind, declared]) =>
    Object.entries(declared).map(([subject, { retention: policyName }]) => {
      const policy = policyName === undefined ? undefined : policyCalled(policyName, config);
      const isPromised = policy !== undefined && policyName !== undefined;
      return { kind, subject, promise: isPromised ? { kind, subject, policyName, policy } : null };
    }),
  );
}

export function policyCalled(name: string, { retention }: Config): RetentionPolicy | undefined {
  return Object.hasOwn(retention, name) ? retention[name] : undefined;
}

/** Keys under which the ledger remembers since when each policy is in force. */
export function declaredPolicies(config: Config): string[] {
  return subjectsOf(config).flatMap(({ promise }) => (promise === null ? [] : [policyKey(promise)]));
}

/** Changes with what the policy keeps, so that a policy that has been raised is in force only since then. */
export function policyKey({ kind, subject, policy }: RetentionPromise): string {
  const { slack: _, ...kept } = policy;
  return `${kind}:${subject}:${JSON.stringify(kept)}`;
}

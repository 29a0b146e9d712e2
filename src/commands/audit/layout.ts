import { layoutWish } from "../../collectors/audit.ts";
import { suggest } from "../../config/closest.ts";
import { type ProfileName, profileNames } from "../../model/layout/profiles/index.ts";
import { StepError } from "../../model/run/outcome.ts";
import { type ChosenLayout, chooseLayout, type LayoutWish, usualReport } from "../../tools/layout/choice.ts";
import { type Invocation, UsageError } from "../command.ts";
import { openHost } from "../host.ts";

/** What the commands about layouts share. */
export const layoutOptions = {
  profile: {
    type: "string",
    value: "NAME",
    summary: `${["auto", ...profileNames].join(", ")}; before the configuration`,
  },
  facter: { type: "string", value: "PATH", summary: `report of nixos-facter; for auto: ${usualReport}` },
} as const;

/**
 * The layout that the options ask for, else the configuration. With an option no configuration is needed; where there is one, what it says of
 * single subvolumes holds in any case.
 * @throws UsageError when nobody asks for a layout, or none can be chosen
 */
export async function openLayout(invocation: Invocation): Promise<ChosenLayout> {
  const { profile, facter } = invocation.options;
  const asked: Pick<LayoutWish, "profile" | "facter"> = {
    // A report alone is there to be chosen by.
    ...(typeof profile === "string"
      ? { profile: profileOf(profile) }
      : facter === undefined
        ? {}
        : { profile: "auto" }),
    ...(typeof facter === "string" ? { facter } : {}),
  };
  const configured = await configuredWish(invocation, asked.profile !== undefined);
  const wish = { subvolumes: {}, ...configured, ...asked };
  if (wish.profile === undefined && Object.keys(wish.subvolumes).length === 0) {
    throw new UsageError(
      `no layout is asked for\n  → name one: --profile ${profileNames.join("|")}; or let the hardware decide: --facter ${usualReport}; or write the section layout into the configuration`,
    );
  }
  return await judgeable(chooseLayout(wish));
}

/** Where nothing can be judged there is no violation: it has another exit code than one. */
export async function judgeable<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StepError) || (error.reason !== "config" && error.reason !== "source")) throw error;
    const { advice } = error.details;
    throw new UsageError(advice === undefined ? error.message : `${error.message}\n  → ${advice}`);
  }
}

function profileOf(name: string): ProfileName | "auto" {
  const names: readonly (ProfileName | "auto")[] = ["auto", ...profileNames];
  const known = names.find((each) => each === name);
  if (known) return known;
  throw new UsageError(`there is no profile ${JSON.stringify(name)}: ${suggest(name, names, "")}`);
}

/** @param isOptional there may be no configuration at all */
async function configuredWish(invocation: Invocation, isOptional: boolean): Promise<LayoutWish | null> {
  try {
    return layoutWish((await openHost(invocation)).config);
  } catch (error) {
    const isNamed = invocation.options["config"] !== undefined;
    if (error instanceof UsageError && isOptional && !isNamed) return null;
    throw error;
  }
}

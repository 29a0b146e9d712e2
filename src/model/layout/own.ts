import { StepError } from "../run/outcome.ts";
import { type Layout, type LayoutPool, type LayoutSubvolume, type Presence, subvolume } from "./profile.ts";

/** What the configuration says of a subvolume: of one of the profile only what is other there, of one of its own everything. */
export interface OwnSubvolume {
  readonly pool?: string | undefined;
  readonly mountPoint?: string | undefined;
  readonly copyOnWrite?: boolean | undefined;
  readonly compression?: string | undefined;
  readonly mountOptions?: readonly string[] | undefined;
  readonly presence?: Presence | undefined;
  readonly whole?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Where no profile says which filesystem: the one of the system, of which nothing is asked. */
const anyPool: LayoutPool = {
  name: "primary",
  device: "/dev/sda",
  options: [],
  reason: "the configuration asks nothing of the filesystem",
};

/**
 * A profile with what the configuration adds and changes; without a profile what it says alone.
 * @throws StepError `config` when a subvolume is on a pool that the layout does not have
 */
export function withOwn(profile: Layout | null, own: Readonly<Record<string, OwnSubvolume>>): Layout {
  const pools = profile?.pools ?? [anyPool];
  const known = profile?.subvolumes ?? [];
  const changed = known.map((each) => apply(each, own[each.name] ?? {}));
  const added = Object.entries(own)
    .filter(([name]) => !known.some((each) => each.name === name))
    .map(([name, written]) => apply(subvolume({ name, reason: "the configuration asks for it" }), written));
  const subvolumes = [...changed, ...added];
  const names = pools.map(({ name }) => name);
  for (const { name, pool } of subvolumes) {
    if (names.includes(pool)) continue;
    throw new StepError(
      "config",
      `layout.subvolumes: ${name} is on a pool ${JSON.stringify(pool)} that is not in the layout`,
      {
        advice: `name one of: ${names.join(", ")}`,
      },
    );
  }
  return { pools, subvolumes };
}

function apply(base: LayoutSubvolume, written: OwnSubvolume): LayoutSubvolume {
  const given = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
  const changed = { ...base, ...given } as LayoutSubvolume;
  // What is not copied on write is not compressed either: nobody has to say both.
  return !changed.copyOnWrite && written.compression === undefined ? { ...changed, compression: "none" } : changed;
}

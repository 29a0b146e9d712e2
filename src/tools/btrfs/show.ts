import { StepError } from "../../model/run/outcome.ts";

/** What `btrfs subvolume show` says of one subvolume. */
export interface ShownSubvolume {
  readonly id: number;
  readonly uuid: string;
  readonly parentUuid: string | null;
  readonly receivedUuid: string | null;
  /** Seconds since the epoch. */
  readonly createdAt: number;
  readonly readOnly: boolean;
  /** The filesystem's count of commits when it was last changed. */
  readonly generation: number;
}

const uuid = "(-|[0-9a-f-]{36})";
const block = new RegExp(
  [
    `\\n\\tUUID: *\\t+${uuid}`,
    `\\n\\tParent UUID: *\\t+${uuid}`,
    `\\n\\tReceived UUID: *\\t+${uuid}`,
    "\\n\\tCreation time: *\\t+(\\d{4}-\\d\\d-\\d\\d) (\\d\\d:\\d\\d:\\d\\d) ([+-]\\d\\d)(\\d\\d)",
    "\\n\\tSubvolume ID: *\\t+(\\d+)",
    "\\n\\tGeneration: *\\t+(\\d+)",
    "(?:\\n\\t(?!Flags)[A-Z][A-Za-z ]+: *\\t+\\d+)*",
    "\\n\\tFlags: *\\t+(\\S*)",
  ].join(""),
  "g",
);

/**
 * Output of `btrfs subvolume show`. The subvolume's own name stands before these lines and the names of its snapshots after them, both
 * unescaped: where a name imitates the lines, nobody can tell which are true.
 * @throws StepError `verification` when the lines are not there exactly once
 */
export function parseSubvolumeShow(text: string, path: string): ShownSubvolume {
  const blocks = [...text.matchAll(block)];
  const [only] = blocks;
  if (only === undefined || blocks.length > 1) {
    const what = only === undefined ? "cannot be read" : "is ambiguous: a name imitates it";
    throw new StepError("verification", `what btrfs subvolume show says of ${JSON.stringify(path)} ${what}`, {
      advice: "look at it by hand, and rename what has a newline in its name",
      tail: text.slice(-4096),
    });
  }
  const [, own = "", parent, received, date, time, hours, minutes, id, generation, flags] = only;
  return {
    id: Number(id),
    uuid: own,
    parentUuid: parent === undefined || parent === "-" ? null : parent,
    receivedUuid: received === undefined || received === "-" ? null : received,
    createdAt: Date.parse(`${date}T${time}${hours}:${minutes}`) / 1000,
    readOnly: flags?.split(",").includes("readonly") === true,
    generation: Number(generation),
  };
}

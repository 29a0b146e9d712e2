import type { HistoryVerdict, SubjectVerdict } from "../../collectors/retention-look/verdicts.ts";
import type { TierVerdict } from "../../model/retention/retention.ts";
import type { Style } from "../terminal/style.ts";
import { formatTable } from "../terminal/table.ts";
import { makeVisible, truncate } from "../terminal/text.ts";

/** One history, or several that lack nothing. */
interface Group {
  readonly heading: string;
  readonly tiers: readonly TierVerdict[];
  readonly excess: number;
}

/** A table of tiers, with a line above those of each history that says whose they are; empty: no policy promises periods. */
export function matrix(subjects: readonly SubjectVerdict[], width: number | undefined, style: Style): string[] {
  const groups = subjects.flatMap(groupsOf).filter(({ tiers }) => tiers.length > 0);
  if (groups.length === 0) return [];
  const numbers = ["promised", "owed", "present", "missing", "too many"];
  const table = formatTable({
    width,
    style,
    columns: [
      { title: "tier" },
      ...numbers.map((title) => ({ title, align: "right" as const })),
      { title: "missing periods", grow: true },
    ],
    rows: groups.flatMap(({ tiers, excess }) =>
      tiers.map((tier, index) => row(tier, index === 0 ? excess : null, style)),
    ),
  });
  const [titles = "", rule = "", ...lines] = table.split("\n");
  const result = [titles, rule];
  for (const { heading, tiers } of groups) {
    result.push(
      style.bold(truncate(makeVisible(heading), width ?? Number.POSITIVE_INFINITY)),
      ...lines.splice(0, tiers.length),
    );
  }
  return result;
}

/** An excess belongs to no tier: it is told once. */
function row(tier: TierVerdict, excess: number | null, style: Style): string[] {
  const lacks = tier.missing.length > 0;
  return [
    `  ${tier.tier}`,
    String(tier.promised),
    String(tier.expected),
    lacks ? style.bad(String(tier.present)) : style.good(String(tier.present)),
    lacks ? style.bad(String(tier.missing.length)) : "0",
    excess === null ? "" : excess > 0 ? style.bad(String(excess)) : "0",
    style.bad(tier.missing.slice(0, 12).join(" ") + (tier.missing.length > 12 ? " …" : "")),
  ];
}

/** Each history that lacks something by itself, of several that lack nothing the sum; what owes nothing any more is left out. */
function groupsOf({ kind, subject, histories }: SubjectVerdict): Group[] {
  const owing = histories.filter(({ owed }) => owed !== "nothing");
  const isWhole = ({ verdict }: HistoryVerdict) => verdict.verdict === "compliant";
  const whole = owing.filter(isWhole);
  const lacking = owing.filter((history) => !isWhole(history));
  const heading = (name: string | null) => `${kind} ${subject}${name === null ? "" : `, ${name}`}`;
  const alone = ({ name, verdict }: HistoryVerdict) => ({ heading: heading(name), ...verdict });
  if (whole.length <= 1) return owing.map(alone);
  return [...lacking.map(alone), { heading: heading(`${whole.length} histories`), tiers: sums(whole), excess: 0 }];
}

function sums(histories: readonly HistoryVerdict[]): readonly TierVerdict[] {
  const all = histories.flatMap(({ verdict }) => verdict.tiers);
  return Array.from(Map.groupBy(all, ({ tier }) => tier).values(), (of) => ({
    ...(of[0] as TierVerdict),
    expected: of.reduce((sum, { expected }) => sum + expected, 0),
    present: of.reduce((sum, { present }) => sum + present, 0),
  }));
}

import { formatTable } from "../../src/commands/terminal/table.ts";
import type { CampaignResult, Tried } from "./campaign.ts";

/** Tries, kills and failures by kind and fault, and how each failure can be seen again. */
export function describeCampaign(result: CampaignResult, seed: number): string {
  return [
    table(result.tried),
    "",
    ...result.skipped.map(({ kind, why }) => `not tried: ${kind}: ${why}`),
    ...(result.unreached > 0 ? [`not reached in time: ${result.unreached} tries`] : []),
    ...failuresOf(result).map((tried) => describeFailure(tried, seed)),
    summary(result, seed),
  ].join("\n");
}

export function failuresOf({ tried }: CampaignResult): readonly Tried[] {
  return tried.filter(({ failure }) => failure !== null);
}

export function killsOf({ tried }: CampaignResult): number {
  return tried.reduce((sum, { kills }) => sum + kills, 0);
}

export function describeFailure({ kind, number, fault, at, failure }: Tried, seed: number): string {
  return [
    `FAILED ${kind} #${number}: ${fault}: ${at}`,
    `  ${failure}`,
    `  again: node test/campaign/run.ts --only ${kind} --seed ${seed} --try ${number}`,
  ].join("\n");
}

function summary(result: CampaignResult, seed: number): string {
  const failures = failuresOf(result).length;
  const minutes = (result.seconds / 60).toFixed(1);
  return `${result.tried.length} tries, ${killsOf(result)} kills, ${failures} failed, in ${minutes} min (seed ${seed})`;
}

function table(tried: readonly Tried[]): string {
  const lines = new Map<string, { kind: string; fault: string; tries: number; kills: number; failures: number }>();
  for (const { kind, fault, kills, failure } of tried) {
    const line = lines.get(`${kind} ${fault}`) ?? { kind, fault, tries: 0, kills: 0, failures: 0 };
    line.tries += 1;
    line.kills += kills;
    line.failures += failure === null ? 0 : 1;
    lines.set(`${kind} ${fault}`, line);
  }
  const rows = [...lines.values()].sort((a, b) => a.kind.localeCompare(b.kind) || a.fault.localeCompare(b.fault));
  return formatTable({
    columns: [
      { title: "kind" },
      { title: "fault" },
      { title: "tries", align: "right" },
      { title: "kills", align: "right" },
      { title: "failed", align: "right" },
    ],
    rows: rows.map(({ kind, fault, tries, kills, failures }) => [kind, fault, `${tries}`, `${kills}`, `${failures}`]),
  });
}

import { StepError } from "../../model/run/outcome.ts";
import type { Execute } from "../exec.ts";
import { createResticCall } from "./call.ts";
import { reasonInWords } from "./failure.ts";
import type { ResticProgress } from "./output.ts";
import type { ResticRepository } from "./repository.ts";

export interface CheckReport {
  /** Packs whose content was read. */
  readonly packsRead: number;
  /** Packs of the whole repository; null: restic says it of parts only. */
  readonly packsTotal: number | null;
}

/** What restic has against packs, in the words of 0.14 and of later ones. */
const damage =
  /\bpack ([0-9a-f]{64})(?::? (?:does not exist|contains \d+ errors?)|.*(?:ciphertext verification failed|hash mismatch))|^Pack ID does not match, want ([0-9a-f]{64})/i;

/**
 * `restic check`, which also reads packs. Without `--json`: with it 0.18 and 0.19 tell neither how far they are nor how many packs there are,
 * and 0.14 does not know it here.
 * @param subset as `--read-data-subset` takes it: `3/30`, `5%`
 * @throws StepError `verification` when the repository is damaged, `unknown` when the program is no restic, and those of `restic-failure.ts`
 */
export async function checkRepository(
  repository: ResticRepository,
  execute: Execute,
  subset: string,
  onProgress: (progress: ResticProgress) => void,
): Promise<CheckReport> {
  const restic = createResticCall(repository, execute);
  const task = `check the repository ${repository.name}`;
  const seen = { packsRead: null as number | null, packsTotal: null as number | null, clean: false };
  const damaged = new Set<string>();
  const said: string[] = [];
  const result = await restic.call(["check", `--read-data-subset=${subset}`], {
    onStdoutLine(line) {
      const packs = parsePacks(line);
      seen.packsRead = packs.read ?? seen.packsRead;
      seen.packsTotal = packs.total ?? seen.packsTotal;
      seen.clean ||= line === "no errors were found";
      if (packs.ratio !== undefined) onProgress({ ratio: packs.ratio });
    },
    onStderrLine(line) {
      const [, named, unmatched] = damage.exec(line) ?? [];
      const pack = named ?? unmatched;
      if (pack !== undefined) damaged.add(pack);
      if (said.length < 1000) said.push(line);
    },
  });
  if (/^Fatal: repository contains errors$/m.test(result.stderr)) {
    throw damageFound(repository.name, subset, [...damaged], said, restic.clean(result.stderr));
  }
  if (result.exitCode !== 0) throw restic.failure(task, result);
  if (seen.clean && seen.packsRead !== null) return { packsRead: seen.packsRead, packsTotal: seen.packsTotal };
  throw new StepError(
    "unknown",
    `restic ended well, but without saying that it found no errors in ${repository.name}`,
    {
      advice: "see that the program called restic is restic itself, 0.14 or newer",
      tail: restic.clean(result.stdout.slice(-2000) + result.stderr),
    },
  );
}

/** `[0:01] 50.00%  1 / 2 packs`, `[0:00]          0 packs`, `read group #1 of 2 data packs (out of total 2 packs in 1 groups)` */
export function parsePacks(line: string): { readonly read?: number; readonly total?: number; readonly ratio?: number } {
  const [, total] = /^read group #\d+ of \d+ data packs \(out of total (\d+) packs/.exec(line) ?? [];
  if (total !== undefined) return { total: Number(total) };
  const [, read, of] = /^\[[\d:]+\]\s+(?:[\d.]+%\s+)?(\d+)(?: \/ (\d+))? packs$/.exec(line) ?? [];
  if (read === undefined) return {};
  return { read: Number(read), ...(of === undefined ? {} : { ratio: Number(read) / Math.max(1, Number(of)) }) };
}

/** What could not be read because the other side did not answer is no damage: another try may find it whole. */
function damageFound(name: string, subset: string, packs: readonly string[], said: readonly string[], tail: string) {
  const cause =
    packs.length > 0
      ? undefined
      : said.map(reasonInWords).find((reason) => reason !== undefined && reason !== "verification");
  if (cause !== undefined) {
    const advice = "see that the repository can be reached and read, then check again";
    return new StepError(cause, `restic could not read all that it wanted to check of ${name}`, { advice, tail });
  }
  const which = packs.length === 0 ? "see restic's output" : `damaged or missing: pack ${packs.slice(0, 3).join(", ")}`;
  const more = packs.length > 3 ? ` and ${packs.length - 3} more` : "";
  return new StepError("verification", `the repository ${name} contains errors: ${which}${more}`, {
    advice:
      "do not prune; copy what is still whole elsewhere, then follow restic's troubleshooting guide (restic repair packs)",
    tail,
    evidence: { subset, errors: Math.max(1, packs.length), damaged_packs: packs.slice(0, 20) },
  });
}

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { rclonePrograms } from "../test/support/components.ts";
import { byTurns, median } from "./measure.ts";
import { endProgram, peakMemory, runProgram } from "./program.ts";
import { atMost, type Benchmark, megabytes, milliseconds, plain, type Row, times } from "./row.ts";

const rounds = 3;
const entries = 100_000;
const [few, many] = [10_000, 1_000_000];
const scan = join(import.meta.dirname, "cost-scan.ts");

/** What it takes to see every version of a bucket, beside rclone; and the memory of it. */
export const cost: Benchmark = {
  name: "cost",
  needs: ["rclone"],
  async run({ directory, note }) {
    const newest = rclonePrograms().at(-1);
    if (newest === undefined) return [plain("scan a bucket", "left out: there is no rclone", "make components")];
    const { program, version } = newest;
    note(`${rounds} scans of ${entries} versions`);
    const row = await withServer(entries, async (endpoint): Promise<Row> => {
      const size = (...more: string[]) => rcloneSize(program, endpoint, more);
      const took = await byTurns(
        rounds,
        {
          ours: () => runProgram([process.execPath, scan, endpoint, String(entries)]),
          rclone: () => size(),
          fastList: () => size("--fast-list"),
        },
        1,
      );
      const own = median(took.ours);
      const best = Math.min(median(took.rclone), median(took.fastList));
      return atMost(
        `scan ${entries} versions in a bucket / rclone ${version} size --s3-versions`,
        { value: own / best, limit: 1, write: times },
        {
          detail: `${milliseconds(own)} / ${milliseconds(best)}, ${Math.round(entries / own)} 000 a second`,
          how: `Medians of ${rounds} whole processes of each, by turns, of the same prefix of the same server, which makes up its listings in a process of its own; rclone with and without --fast-list, whichever is faster. Ours lists unfinished uploads as well.`,
        },
      );
    });
    note("memory");
    const peak = (count: number) =>
      withServer(count, (endpoint) => peakMemory([scan, endpoint, String(count)], directory));
    const [small, large] = [await peak(few), await peak(many)];
    return [
      row,
      atMost(
        `memory for ${many} versions / for ${few}`,
        { value: large / small, limit: 1.5, write: times },
        {
          detail: `${megabytes(large)} / ${megabytes(small)}`,
          how: "The most that the scanning process ever held. The first hundred pages let V8's young generation grow to its usual size; after them nothing grows.",
        },
      ),
    ];
  },
};

async function withServer<Result>(count: number, use: (endpoint: string) => Promise<Result>): Promise<Result> {
  const server = spawn(process.execPath, [join(import.meta.dirname, "listing-server.ts"), String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [said] = await once(server.stdout, "data");
    return await use(String(said).trim());
  } finally {
    await endProgram(server);
  }
}

/** @throws Error when it did not see all */
async function rcloneSize(program: string, endpoint: string, more: readonly string[]): Promise<void> {
  const settings = {
    ...{ TYPE: "s3", PROVIDER: "Other", ENDPOINT: endpoint, ACCESS_KEY_ID: "none", SECRET_ACCESS_KEY: "none" },
    ...{ FORCE_PATH_STYLE: "true", REGION: "us-east-1" },
  };
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`RCLONE_CONFIG_S3_${name}`, value]));
  const args = ["--config", "/dev/null", "size", "--json", "--s3-versions", ...more, "s3:bucket/data"];
  const { stdout } = await promisify(execFile)(program, args, {
    env: { ...process.env, AWS_CA_BUNDLE: undefined, ...env },
  });
  const { count } = JSON.parse(stdout) as { count: number };
  if (count !== entries) throw new Error(`rclone saw ${count}`);
}

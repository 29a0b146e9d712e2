import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "../src/model/secret.ts";
import { createS3 } from "../src/tools/s3/s3.ts";
import { createSubvolume, mountBtrfs } from "../test/support/btrfs.ts";
import { motoServer, rclonePrograms } from "../test/support/components.ts";
import { type S3Server, startS3 } from "../test/support/s3.ts";
import { byTurns, median } from "./measure.ts";
import { peakMemory, published, requirePublished, runProgram } from "./program.ts";
import { atMost, type Benchmark, megabytes, milliseconds, plain, times } from "./row.ts";

const rounds = 3;
const mebibytes = 2048;
const smallMebibytes = 256;
const bucket = "archives";

/** A full archive to S3, proven and with its manifest, beside the pipe that one would write in a shell; and the memory that it takes. */
export const archive: Benchmark = {
  name: "archive",
  needs: ["mkfs.btrfs", "btrfs", "zstd", "rclone"],
  asRoot: true,
  async run({ directory, note }) {
    requirePublished();
    // Debian's 1.60 asks for what it has uploaded in a way that the server does not know.
    const rclone = rclonePrograms().at(-1)?.program ?? "rclone";
    if (!existsSync(motoServer))
      return [plain("archive a snapshot", "left out: there is no S3 server", "make components")];
    // What is started and mounted here ends with the benchmark, see `run.ts`.
    const never = { after: () => undefined };
    const server = await startS3(never);
    await server.createBucket(bucket);
    const mount = mountBtrfs(never, { mebibytes: 2 * (mebibytes + smallMebibytes) });
    note(`snapshots of ${smallMebibytes} and ${mebibytes} MiB`);
    const small = makeSnapshot(mount, "small", smallMebibytes);
    const large = makeSnapshot(mount, "large", mebibytes);
    const config = writeConfig(directory, server, { small, large });
    const ours = (job: string) => [published, "run", job, "--config", config];
    const pipe = `btrfs send -q "$1" | zstd -q -T0 -3 | "$2" --config /dev/null rcat "s3:${bucket}/pipe.zst"`;

    note(`${rounds} archives of each`);
    const took = await byTurns(
      rounds,
      {
        pipe: () =>
          runProgram(["bash", "-o", "pipefail", "-c", pipe, "bash", large, rclone], {
            environment: rcloneEnvironment(server),
          }),
        ours: () => runProgram([process.execPath, ...ours("large")]),
        emptied: () => emptyBucket(server),
      },
      0,
    );
    const [bare, own] = [median(took.pipe), median(took.ours)];
    note("memory");
    const peaks = [await peakMemory(ours("small"), directory), await peakMemory(ours("large"), directory)] as const;
    return [
      atMost(
        `archive ${mebibytes} MiB to S3 / btrfs send | zstd -T0 | rclone rcat`,
        { value: own / bare, limit: 1 / 0.95, write: times },
        {
          detail: `${milliseconds(own)} / ${milliseconds(bare)}`,
          how: `Medians of ${rounds} of each, by turns, to the same S3 server: pantheros run as a whole, with the start of Node, the journal, SHA-256, the listing that proves the object, and the manifest.`,
        },
      ),
      atMost(
        `memory of pantheros while it archives ${mebibytes} MiB`,
        { value: peaks[1], limit: 150e6, write: megabytes },
        {
          detail: `${megabytes(peaks[0])} for ${smallMebibytes} MiB`,
          how: "The most that the process ever held; btrfs, zstd and the server are not in it.",
        },
      ),
    ];
  },
};

/** Half of it is noise, half of it repeats itself. */
function makeSnapshot(mount: string, name: string, size: number): string {
  const path = createSubvolume(mount, name);
  const file = openSync(join(path, "data"), "w");
  const block = Buffer.alloc(2 ** 20, `${name}: a line that compresses well\n`);
  for (let n = 0; n < size; n += 1) writeSync(file, randomFillSync(block, 0, block.length / 2));
  closeSync(file);
  const snapshot = join(mount, `${name}.20261121T085700Z`);
  execFileSync("btrfs", ["-q", "subvolume", "snapshot", "-r", path, snapshot]);
  execFileSync("sync");
  return snapshot;
}

function writeConfig(directory: string, server: S3Server, snapshots: Readonly<Record<string, string>>): string {
  const secret = (name: string, value: string) => {
    const file = join(directory, name);
    writeFileSync(file, value, { mode: 0o600 });
    return { file };
  };
  const step = { uses: "archive.btrfs-send", to: "offsite", mode: "full" };
  const jobs = Object.entries(snapshots).map(([job, snapshot]) => [job, { steps: [{ ...step, snapshot }] }]);
  const config = join(directory, "pantheros.yaml");
  mkdirSync(join(directory, "state"));
  writeFileSync(
    config,
    JSON.stringify({
      host: "bench",
      state_directory: join(directory, "state"),
      destinations: {
        offsite: {
          type: "s3",
          endpoint: server.endpoint,
          bucket,
          access_key_id: secret("id", server.accessKeyId),
          secret_access_key: secret("key", server.secretAccessKey),
        },
      },
      jobs: Object.fromEntries(jobs),
    }),
  );
  return config;
}

function rcloneEnvironment({ endpoint, accessKeyId, secretAccessKey }: S3Server): NodeJS.ProcessEnv {
  const remote = { TYPE: "s3", PROVIDER: "Other", ENDPOINT: endpoint, ACCESS_KEY_ID: accessKeyId };
  const variables = {
    ...remote,
    SECRET_ACCESS_KEY: secretAccessKey,
    FORCE_PATH_STYLE: "true",
    NO_CHECK_BUCKET: "true",
  };
  const named = Object.entries(variables).map(([name, value]) => [`RCLONE_CONFIG_S3_${name}`, value]);
  // Old versions refuse to start where it is set.
  return { AWS_CA_BUNDLE: undefined, ...Object.fromEntries(named) };
}

/** The server keeps everything in memory. */
async function emptyBucket(server: S3Server): Promise<void> {
  const s3 = createS3({
    ...server,
    accessKeyId: new Secret(server.accessKeyId, "the benchmark"),
    secretAccessKey: new Secret(server.secretAccessKey, "the benchmark"),
  });
  for await (const { key } of s3.listObjects({ bucket })) await s3.deleteObject({ bucket, key });
  s3.close();
}

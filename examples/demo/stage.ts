import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSubvolume, mountBtrfs } from "../../test/support/btrfs.ts";
import { type Component, needs } from "../../test/support/components.ts";
import { temporaryDirectory } from "../../test/support/directory.ts";
import { startS3 } from "../../test/support/s3.ts";
import { demoConfiguration, type Places } from "./configuration.ts";

/** Where the demo happens: all of it is real, and gone afterwards. */
export interface Stage extends Places {
  readonly config: string;
  /** What is left out here, and why. */
  readonly leftOut: readonly string[];
}

type CleanUp = () => unknown;

/** Sets the stage. @param after receives what cleans it up again, to be called in reverse order */
export async function setStage(after: (cleanUp: CleanUp) => void): Promise<Stage> {
  const leftOut: string[] = [];
  const has = (what: string, ...components: Component[]) => {
    const { skip } = needs(...components);
    if (skip !== false) leftOut.push(`${what}: ${skip}`);
    return skip === false;
  };
  if (!has("restic", "restic")) throw new Error("the demo needs restic: apt-get install restic");

  const root = temporaryDirectory({ after });
  const btrfs = has("Btrfs snapshots (the source is a plain folder instead)", "root", "btrfs")
    ? mountBtrfs({ after })
    : null;
  const source = btrfs ? createSubvolume(btrfs, "documents") : join(root, "documents");
  const s3 = has("the copy to an S3 bucket", "rclone", "s3") ? await startS3({ after }) : null;
  await s3?.createBucket("demo-backups");

  mkdirSync(source, { recursive: true });
  for (let number = 1; number <= 200; number += 1) {
    writeFileSync(join(source, `letter-${String(number).padStart(3, "0")}.txt`), `Letter ${number}\n`.repeat(2000));
  }
  const secret = (name: string, value: string) => writeFileSync(join(root, name), `${value}\n`, { mode: 0o600 });
  secret("restic.password", "only for the demo");
  if (s3) {
    secret("s3.key-id", s3.accessKeyId);
    secret("s3.key", s3.secretAccessKey);
  }
  const config = join(root, "pantheros.yaml");
  const places = { root, source, snapshots: btrfs && join(btrfs, "snapshots"), s3 };
  writeFileSync(config, demoConfiguration(places));
  return { ...places, config, leftOut };
}

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./directory.ts";

export const uuid = "dce038f2-6331-470c-8987-16ae055bd70b";

/** Files of /sys/fs/btrfs/UUID, by their paths, as kernel 6.18 has them. @returns the root that stands for /sys/fs/btrfs */
export function sysfsOf(t: Pick<TestContext, "after">, files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory(t);
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, uuid, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  mkdirSync(join(root, "features"));
  return root;
}

/** The chunks of one type and profile. */
export const chunks = (type: string, profile: string, total: number, used: number, copies: number) => ({
  [`allocation/${type}/total_bytes`]: `${total}\n`,
  [`allocation/${type}/bytes_used`]: `${used}\n`,
  [`allocation/${type}/disk_total`]: `${total * copies}\n`,
  [`allocation/${type}/disk_used`]: `${used * copies}\n`,
  [`allocation/${type}/${profile}/total_bytes`]: `${total}\n`,
});

/** One device, without errors but for those given. */
export const deviceOf = (devid: number, errors: Readonly<Record<string, number | string>> = {}) => ({
  [`devinfo/${devid}/missing`]: "0\n",
  [`devinfo/${devid}/error_stats`]: ["write", "read", "flush", "corruption", "generation"]
    .map((kind) => `${kind}_errs ${errors[kind] ?? 0}\n`)
    .join(""),
});

const gibibyte = 2 ** 30;
/** A filesystem of one device that is well. */
export const healthy = {
  ...chunks("data", "single", 3 * gibibyte, 2 * gibibyte, 1),
  ...chunks("metadata", "dup", gibibyte, gibibyte / 4, 2),
  ...chunks("system", "dup", gibibyte / 128, 16384, 2),
  "allocation/global_rsv_size": `${gibibyte / 4}\n`,
  ...deviceOf(1),
  exclusive_operation: "none\n",
};

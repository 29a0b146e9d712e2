import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { onPath } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";

/** A snapper that reads its configurations from a root of its own and never from this machine's /etc. */
export interface PrivateSnapper {
  readonly root: string;
  /** In it, `snapper` is this one. */
  readonly environment: NodeJS.ProcessEnv;
  /** The file of a configuration. */
  readonly fileOf: (config: string) => string;
  /** Declares a configuration. @param settings besides SUBVOLUME, as the file has them */
  readonly declare: (config: string, subvolume: string, settings?: Readonly<Record<string, string>>) => void;
  /** As a person would call it, without D-Bus. @returns standard output */
  readonly call: (...args: string[]) => string;
}

/** In its root, snapper finds every path of the machine where it is: what is at the top of it is linked. */
export function privateSnapper(t: Pick<TestContext, "after">): PrivateSnapper {
  const root = temporaryDirectory(t);
  for (const name of readdirSync("/").filter((name) => name !== "etc")) symlinkSync(`/${name}`, join(root, name));
  const configs = join(root, "etc/snapper/configs");
  for (const folder of [configs, join(root, "etc/default"), join(root, "etc/bin")])
    mkdirSync(folder, { recursive: true });
  const declared: string[] = [];
  const enumerate = () => writeFileSync(join(root, "etc/default/snapper"), `SNAPPER_CONFIGS="${declared.join(" ")}"\n`);
  enumerate();
  const program = join(root, "etc/bin/snapper");
  writeFileSync(program, `#!/bin/sh\nexec ${onPath("snapper")} --root ${root} "$@"\n`, { mode: 0o755 });
  return {
    root,
    environment: { ...process.env, PATH: [join(root, "etc/bin"), process.env["PATH"]].join(delimiter) },
    fileOf: (config) => join(configs, config),
    declare(config, subvolume, settings = {}) {
      const all = Object.entries({ SUBVOLUME: subvolume, FSTYPE: "btrfs", ...settings });
      writeFileSync(join(configs, config), all.map(([name, value]) => `${name}="${value}"\n`).join(""));
      declared.push(config);
      enumerate();
    },
    call: (...args) => execFileSync(program, ["--no-dbus", ...args], { encoding: "utf8", stdio: "pipe" }),
  };
}

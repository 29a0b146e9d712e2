import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is attacked: a copy, so that a campaign of half an hour meets one and the same pantheros while people work on it. */
export interface Subject {
  /** `src/main.ts` of the copy: its modules can be watched by `preload/`. */
  readonly source: string;
  /** As it is published; starts in half the time. */
  readonly bundle: string;
  /** Folder of what is loaded before it. */
  readonly preload: string;
}

const root = join(import.meta.dirname, "../..");

/** A fault in the product itself, to see that it is found. */
export interface Planted {
  /** Below the root of the clone. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

/** @param planted changed in the copy alone */
export function copySubject(directory: string, planted?: Planted): Subject {
  const copy = join(directory, "subject");
  mkdirSync(copy);
  for (const part of [
    "src",
    "monitors",
    "dashboards",
    "setup",
    "package.json",
    "tsconfig.json",
    "docs/pantheros.schema.json",
  ])
    cpSync(join(root, part), join(copy, part), { recursive: true });
  cpSync(join(import.meta.dirname, "preload"), join(copy, "preload"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  if (planted) plant(copy, planted);
  execFileSync(process.execPath, ["setup/build.ts"], { cwd: copy, stdio: ["ignore", "ignore", "inherit"] });
  return { source: join(copy, "src/main.ts"), bundle: join(copy, "dist/main.js"), preload: join(copy, "preload") };
}

function plant(copy: string, { file, find, put }: Planted): void {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  if (!text.includes(find)) throw new Error(`${file} does not hold ${find} any more: plant another fault`);
  writeFileSync(path, text.replace(find, put));
}

/** The environment in which a module of `preload/` is loaded before the command. @param fault what it shall do, as JSON */
export function preloaded(subject: Subject, module: string, fault: object): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${join(subject.preload, module)}`,
    PANTHEROS_CAMPAIGN: JSON.stringify(fault),
  };
}

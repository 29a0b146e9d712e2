import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, configuration } from "../../src/config/schema.ts";
import { temporaryDirectory } from "./directory.ts";
import type { RestServer } from "./rest-server.ts";
import { testPassword } from "./restic-context.ts";

export interface HubStage {
  readonly base: string;
  readonly server: RestServer;
  readonly program: string;
  /** Any restic call on a repository, by hand. */
  restic(location: string, ...args: string[]): string;
  /** Snapshot ids of a repository, sorted. */
  ids(location: string): readonly string[];
  /** A folder with a new file, backed up to a repository of the server under the name of a host. */
  backUp(location: string, host: string): void;
}

/** A hub with one private repository for each user that the server knows, and clients that back up to it. */
export function prepareHub(t: { after(end: () => void): void }, server: RestServer, program: string): HubStage {
  const base = temporaryDirectory(t);
  const source = join(base, "source");
  mkdirSync(source);
  const env = {
    ...process.env,
    RESTIC_PASSWORD: testPassword,
    RESTIC_CACHE_DIR: join(base, "cache"),
    ...(server.certificate === null ? {} : { SSL_CERT_FILE: server.certificate }),
  };
  const restic = (location: string, ...args: string[]) =>
    execFileSync(program, args, {
      env: { ...env, RESTIC_REPOSITORY: location },
      encoding: "utf8",
      timeout: 120_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    base,
    server,
    program,
    restic,
    ids: (location) =>
      ((JSON.parse(restic(location, "snapshots", "--json", "--no-lock")) ?? []) as { id: string }[])
        .map(({ id }) => id)
        .sort(),
    backUp(location, host) {
      writeFileSync(join(source, `${host}-${randomBytes(4).toString("hex")}`), randomBytes(200_000));
      restic(location, "backup", "--quiet", `--host=${host}`, "--tag=pantheros,job:nightly", source);
    },
  };
}

/** A configuration of the hub's own host. */
export function hubConfig(
  stage: HubStage,
  repositories: Readonly<Record<string, object>>,
  destinations: Readonly<Record<string, object>> = {},
): Config {
  const common = { password: { environment: "PASSWORD" }, restic: stage.program };
  return configuration.parse({
    host: "hub",
    state_directory: join(stage.base, "state"),
    repositories: Object.fromEntries(Object.entries(repositories).map(([name, one]) => [name, { ...common, ...one }])),
    destinations,
  });
}

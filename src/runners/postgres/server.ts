import * as z from "zod";
import { absolutePath, secretReference } from "../../config/scalars.ts";
import { lazily } from "../../model/lazily.ts";
import { findAccount } from "../../tools/account.ts";
import type { PostgresServer } from "../../tools/postgres/postgres.ts";
import type { RunnerContext } from "../runner.ts";

export const databaseName = lazily(() => z.string().min(1).max(63).meta({ description: "Name of a database" }));

/** How a step reaches a PostgreSQL server; every field is left to libpq where it is not given. */
export const postgresServer = lazily(() =>
  z
    .strictObject({
      host: z
        .string()
        .regex(/^[^\s,]+$/, "one host name, address or absolute path of a socket folder")
        .optional()
        .meta({ description: "Name, address, or folder of the socket; default: the local socket" }),
      port: z.int().min(1).max(65_535).optional().meta({ description: "Default: 5432" }),
      user: z.string().min(1).optional().meta({ description: "Role; default: the name of the system user" }),
      password: secretReference.optional(),
      sslmode: z
        .enum(["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
        .optional()
        .meta({ description: "As libpq takes it; further settings go by environment, e.g. PGSSLROOTCERT" }),
      run_as: z.string().min(1).optional().meta({
        description: "System user of psql, pg_dump and pg_restore, for peer authentication: postgres on Debian",
      }),
      maintenance_database: databaseName()
        .default("postgres")
        .meta({ description: "Connected to where no other database is meant" }),
      programs: absolutePath.optional().meta({
        description: "Folder of psql, pg_dump and pg_restore, e.g. /usr/lib/postgresql/17/bin; default: those on PATH",
      }),
    })
    .prefault({})
    .meta({ description: "The PostgreSQL server" }),
);
export type PostgresServerOptions = z.infer<ReturnType<typeof postgresServer>>;

/**
 * A server with its password read.
 * @param application how it is to show in pg_stat_activity; @default pantheros
 * @throws StepError `auth` when the password cannot be read, `config` when there is no such system user
 */
export async function openServer(
  options: PostgresServerOptions,
  { readSecret, execute }: Pick<RunnerContext, "readSecret" | "execute">,
  application?: string,
): Promise<PostgresServer> {
  const { password, run_as, maintenance_database, host, port, user, sslmode, programs } = options;
  return {
    maintenanceDatabase: maintenance_database,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(user === undefined ? {} : { user }),
    ...(sslmode === undefined ? {} : { sslmode }),
    ...(programs === undefined ? {} : { programs }),
    ...(password === undefined ? {} : { password: readSecret(password) }),
    ...(run_as === undefined ? {} : { account: await findAccount(run_as, execute) }),
    ...(application === undefined ? {} : { application }),
  };
}

import { basename } from "node:path";
import { formatBytes, formatDuration } from "../../model/quantity.ts";
import { StepError } from "../../model/run/outcome.ts";
import { type OpenDestination, withDestination } from "../../tools/destinations/open-destination.ts";
import { listSource, type SourceList } from "../../tools/files/source-list.ts";
import { checkRdb } from "../../tools/valkey/rdb-check.ts";
import type { RdbFile } from "../../tools/valkey/rdb-file.ts";
import { createValkey, type Valkey } from "../../tools/valkey/valkey.ts";
import { findDumps } from "../../tools/valkey/valkey-folder.ts";
import { dumpServer } from "../../tools/valkey/valkey-save.ts";
import type { RunnerContext, StepResult } from "../runner.ts";
import { exists, requireFolder, requireRclone, uploadWhole } from "../upload.ts";
import type { RdbEvidence, RdbOptions } from "./options.ts";

/** What one of the two runners adds. */
export interface RdbFlavour {
  /** Values of a module that are counted in the dump. */
  readonly moduleType?: string;
  /** Asked before a dump is made; its answer goes to `judge`. */
  readonly ask?: (server: Valkey) => Promise<number>;
  /** Refuses a dump. @param asked null where there was no server to ask */
  readonly judge?: (dump: RdbFile, asked: number | null) => void;
}

/** Dumps, with what of them has to arrive. */
interface Prepared {
  readonly folder: string;
  readonly names: readonly string[];
  /** What they were before they were read: what is uploaded has to be what was proven. */
  readonly source: SourceList;
  readonly dump: RdbFile;
  readonly method: RdbEvidence["method"];
  readonly checked: { readonly by: string | null; readonly keys: number | null };
}

export async function checkRdbBackup(options: RdbOptions, context: RunnerContext): Promise<void> {
  await requireRclone(context);
  const source = sourceOf(options);
  findCheckers(options, context);
  await withDestination(options.to, context, async (destination) => {
    if ("address" in source) await open(options, source.address, context).call("PING");
    else if (!source.from.includes("${")) await requireFolder(source.from);
    await destination.probe();
  });
}

export async function runRdbBackup(
  options: RdbOptions,
  flavour: RdbFlavour,
  context: RunnerContext,
): Promise<StepResult<RdbEvidence> & { readonly dump: RdbFile | null }> {
  return await withDestination(options.to, context, async (destination) => {
    const source = sourceOf(options);
    const prefix = destination.whole(options.prefix);
    const where = { destination: options.to, prefix, url: destination.url(prefix) };
    if (context.dryRun && ("address" in source || !(await exists(source.from)))) {
      const what = "address" in source ? `the data of ${source.address}` : `${source.from}, which is not there yet,`;
      return { evidence: nothing(where), message: `would save ${what} to ${where.url}`, dump: null };
    }
    const prepared =
      "address" in source
        ? await fromServer(options, source.address, flavour, context)
        : await fromFolder(options, source.from, flavour, context);
    return { ...(await store(prepared, where, destination, context)), dump: prepared.dump };
  });
}

type Where = Pick<RdbEvidence, "destination" | "prefix" | "url">;

async function store(prepared: Prepared, where: Where, destination: OpenDestination, context: RunnerContext) {
  const { folder, names, source, dump, method, checked } = prepared;
  const upload = { folder, source, prefix: where.prefix, only: names };
  const uploaded = await uploadWhole(destination, upload, context, () => requireUnchanged(prepared, context));
  const evidence: RdbEvidence = {
    ...where,
    files: source.files.size,
    bytes: source.bytes,
    method,
    saved_at: dump.savedAt === null ? null : new Date(dump.savedAt * 1000).toISOString(),
    server: dump.server,
    rdb_version: dump.version,
    checksum: dump.checksum,
    checked_by: checked.by,
    keys: checked.keys,
  };
  const keys = checked.keys === null ? "" : `${checked.keys} keys, `;
  const age =
    dump.savedAt === null ? "" : `, saved ${formatDuration(Math.max(0, context.now() / 1000 - dump.savedAt))} ago`;
  const what = `${keys}${formatBytes(source.bytes)}${age}`;
  const { tail } = uploaded;
  if (context.dryRun) return { evidence, message: `${what}, would go to ${where.url}`, tail };
  return { evidence, bytes: source.bytes, files: source.files.size, message: `${what}, found at ${where.url}`, tail };
}

async function fromServer(
  options: RdbOptions,
  address: string,
  flavour: RdbFlavour,
  context: RunnerContext,
): Promise<Prepared> {
  const server = open(options, address, context);
  const asked = (await flavour.ask?.(server)) ?? null;
  const keys = await countKeys(server);
  const folder = await context.scratch();
  const file = `${folder}/${options.file}`;
  context.progress({ note: `waiting for ${address} to save` });
  const onProgress = (ratio: number) => context.progress({ ratio, note: `${address} saves` });
  const { moduleType } = flavour;
  const dump = await dumpServer(server, file, { signal: context.signal, onProgress, moduleType });
  const checked = await check(file, dump, options, context);
  flavour.judge?.(dump, asked);
  if (checked.keys === 0 && keys > 0) {
    throw new StepError("verification", `${address} holds ${keys} keys, its dump none`, {
      advice: "run it again; if it stays so, see the server's own log",
    });
  }
  refuseEmpty(checked.keys ?? keys, address, options);
  const names = [basename(file)];
  const source = await listOnly(folder, names, context);
  const counted = { ...checked, keys: checked.keys ?? keys };
  return { folder, names, source, dump, method: dump.by, checked: counted };
}

async function fromFolder(
  options: RdbOptions,
  from: string,
  flavour: RdbFlavour,
  context: RunnerContext,
): Promise<Prepared> {
  await requireFolder(from);
  context.progress({ note: "reading the dump" });
  const { moduleType } = flavour;
  const before = await listSource(from, () => false, context.signal);
  const { dump, main, names } = await findDumps(from, options.file, { moduleType, signal: context.signal });
  refuseOld(dump, from, options, context);
  const checked = await check(`${from}/${main}`, dump, options, context);
  flavour.judge?.(dump, null);
  if (names.length === 1) refuseEmpty(checked.keys, from, options);
  const source = await listOnly(from, names, context);
  requireSame(before, source, from);
  return { folder: from, names, source, dump, method: "folder", checked };
}

function listOnly(folder: string, names: readonly string[], { signal }: RunnerContext): Promise<SourceList> {
  const only = new Set(names);
  return listSource(folder, (name) => !only.has(name), signal);
}

async function requireUnchanged({ folder, names, source }: Prepared, context: RunnerContext): Promise<void> {
  requireSame(source, await listOnly(folder, names, context), folder);
}

/** A server that is at work replaces its dump whenever it saves: then what was uploaded is not what was proven. */
function requireSame(before: SourceList, after: SourceList, folder: string): void {
  for (const [name, now] of after.files) {
    const then = before.files.get(name);
    if (then?.size === now.size && then.modifiedAt === now.modifiedAt) continue;
    throw new StepError("verification", `${name} in ${folder} changed while it was read`, {
      advice: "read it from a snapshot, which stands still, or give the step the server's address",
    });
  }
}

/** The first checker that knows the dump's format takes it apart; where none does, its own checksum has to do. */
async function check(file: string, dump: RdbFile, options: RdbOptions, context: RunnerContext) {
  context.progress({ note: "checking the dump" });
  for (const program of findCheckers(options, context)) {
    const { verdict, keys } = await checkRdb(program, file, context.execute);
    if (verdict === "passed") return { by: program, keys };
  }
  if (dump.checksum) return { by: null, keys: null };
  throw new StepError(
    "verification",
    `nothing proves ${file}: it has no checksum, and no checker here knows its format`,
    {
      advice: "set rdbchecksum yes at the server, or name a checker of its version",
    },
  );
}

function refuseEmpty(keys: number | null, where: string, options: RdbOptions): void {
  if (keys !== 0 || options.allow_empty) return;
  throw new StepError("empty_artifact", `the dump of ${where} holds no key`, {
    advice: "see that it is the right server; if it may be empty, set allow_empty: true",
  });
}

function refuseOld({ savedAt }: RdbFile, from: string, { max_age }: RdbOptions, { now }: RunnerContext): void {
  if (max_age === undefined) return;
  const age = savedAt === null ? null : now() / 1000 - savedAt;
  if (age !== null && age <= max_age) return;
  const how = age === null ? "does not say how old it is" : `is ${formatDuration(age)} old`;
  throw new StepError("source", `the dump in ${from} ${how}, allowed are ${formatDuration(max_age)}`, {
    advice: "let the server save more often (save in its configuration), or give its address instead of from",
  });
}

/** Of all its databases: `db0:keys=3,expires=0,…`. */
async function countKeys(server: Valkey): Promise<number> {
  const databases = [...(await server.info("keyspace")).values()];
  return databases.reduce((sum, said) => sum + Number(/\bkeys=(\d+)/.exec(said)?.[1] ?? 0), 0);
}

/** One of the two is there: the options say so. */
function sourceOf({ from, address = "" }: RdbOptions): { readonly from: string } | { readonly address: string } {
  return from === undefined ? { address } : { from };
}

function open({ user, password, client }: RdbOptions, address: string, context: RunnerContext): Valkey {
  const settings = {
    address,
    client: client ?? installed(["valkey-cli", "redis-cli"], context)[0] ?? "valkey-cli",
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password: context.readSecret(password) }),
  };
  return createValkey(settings, context.execute, context.signal);
}

function findCheckers({ checker }: RdbOptions, context: RunnerContext): readonly string[] {
  if (checker === undefined) return installed(["valkey-check-rdb", "redis-check-rdb"], context);
  context.resolveProgram({ argv: [checker] });
  return [checker];
}

function installed(programs: readonly string[], { resolveProgram }: RunnerContext): readonly string[] {
  return programs.filter((program) => {
    try {
      resolveProgram({ argv: [program] });
      return true;
    } catch (error) {
      if (error instanceof StepError && error.reason === "tool_missing") return false;
      throw error;
    }
  });
}

function nothing(where: Where): RdbEvidence {
  const unknown = { saved_at: null, server: null, rdb_version: 0, checksum: false, checked_by: null, keys: null };
  return { ...where, files: 0, bytes: 0, method: "connection", ...unknown };
}

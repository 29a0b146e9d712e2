import { hostname } from "node:os";
import { StepError } from "../../model/run/outcome.ts";
import { redact, Secret } from "../../model/secret.ts";
import type { Execute, PipelineProgram, ToolCall, ToolResult } from "../exec.ts";
import { sightOfNumber } from "../process/process.ts";
import { lockHolder, resticFailure, resticImpatience } from "./failure.ts";
import { localPath, type ResticRepository } from "./repository.ts";

/** restic 0.14 removes its lock on SIGINT, but is killed by SIGTERM and leaves a lock that needs a hand; later ones clean up on both. */
const stopSignal = "SIGINT";

/** What restic's commands are called with; everything that is said of a failure is free of secrets. */
export interface ResticCall {
  /** To its end, whatever its exit code. @param more its environment is added to restic's own */
  call(args: readonly string[], more?: Partial<ToolCall>): Promise<ToolResult>;
  /** A call that has to end with 0. @param task what it is asked to do, to what: `back up to the repository main` */
  succeed(task: string, args: readonly string[], more?: Partial<ToolCall>): Promise<ToolResult>;
  /** A call to which a repository that can be reached has its answer soon. */
  soon(task: string, args: readonly string[], seconds: number): Promise<ToolResult>;
  /** As one of a pipeline. */
  program(task: string, args: readonly string[]): PipelineProgram;
  failure(task: string, result: Pick<ToolResult, "exitCode" | "signal" | "stderr">): StepError;
  /** Text of restic's without the secrets that it was given. */
  clean(text: string): string;
}

/** @param from a second repository, which `copy` and `init --copy-chunker-params` read */
export function createResticCall(repository: ResticRepository, execute: Execute, from?: ResticRepository): ResticCall {
  const local = localPath(repository.location);
  // Everything that may hold a secret goes by environment: the location, too, may be https://user:password@host.
  const environment: NonNullable<ToolCall["environment"]> = {
    RESTIC_CACHE_DIR: repository.cacheDirectory,
    RESTIC_PROGRESS_FPS: "1",
    ...(repository.timezone === undefined ? {} : { TZ: repository.timezone }),
    ...from?.environment,
    ...repository.environment,
    RESTIC_REPOSITORY: withLogin(repository),
    RESTIC_PASSWORD: repository.password,
    ...(from === undefined ? {} : { RESTIC_FROM_REPOSITORY: withLogin(from), RESTIC_FROM_PASSWORD: from.password }),
  };
  const secrets = [repository, from]
    .flatMap((one) => (one ? [one.password, ...Object.values(one.environment)] : []))
    .filter(isSecret);

  // restic 0.14 takes a certificate to trust by argument only; that of a second repository would not be asked for by environment at all.
  const trusted = [repository, from].flatMap((one) => {
    const certificate = one?.environment["RESTIC_CACERT"];
    return typeof certificate === "string" ? ["--cacert", certificate] : [];
  });

  /** 0.19 gives up when it cannot use its cache, where 0.14 and 0.18 go on; a full state directory must not cost a backup. */
  async function call(args: readonly string[], more: Partial<ToolCall> = {}): Promise<ToolResult> {
    const all = { stopSignal, ...more, environment: { ...more.environment, ...environment } } as const;
    const result = await execute({ argv: [repository.program, ...trusted, ...args], ...all });
    if (result.exitCode !== 1 || !/^unable to open cache: /m.test(result.stderr)) return result;
    return await execute({ argv: [repository.program, "--no-cache", ...trusted, ...args], ...all });
  }

  async function succeed(task: string, args: readonly string[], more: Partial<ToolCall> = {}): Promise<ToolResult> {
    const result = await call(args, more);
    if (result.exitCode !== 0) throw failure(task, result);
    return result;
  }

  async function soon(task: string, args: readonly string[], seconds: number): Promise<ToolResult> {
    try {
      return await succeed(task, args, { timeoutSeconds: seconds });
    } catch (error) {
      if (!(error instanceof StepError) || error.reason !== "timeout" || local !== null) throw error;
      throw redacted(resticImpatience(task, seconds, error.details.tail ?? ""));
    }
  }

  function program(task: string, args: readonly string[]): PipelineProgram {
    const argv = [repository.program, ...trusted, ...args] as const;
    return { argv, environment, stopSignal, failure: (end) => failure(task, end) };
  }

  function failure(task: string, result: Pick<ToolResult, "exitCode" | "signal" | "stderr">): StepError {
    return redacted(aboutStaleLock(resticFailure({ task, ...result }), result.stderr));
  }

  const clean = (text: string) => redact(text, secrets);

  function redacted({ reason, message, details }: StepError): StepError {
    const tail = details.tail === undefined ? {} : { tail: clean(details.tail) };
    return new StepError(reason, clean(message), { ...details, ...tail });
  }

  return { call, succeed, soon, program, failure, clean };
}

/**
 * The location with the login that the environment holds for a REST server (RESTIC_REST_USERNAME, RESTIC_REST_PASSWORD): restic before 0.16
 * takes it in the location only, and a copy between two servers needs two of them.
 */
function withLogin({ location, environment }: ResticRepository): string | Secret {
  const { RESTIC_REST_USERNAME: user, RESTIC_REST_PASSWORD: password } = environment;
  const [, scheme, rest] = /^(rest:https?:\/\/)([^@/]+(?:\/.*)?)$/.exec(location) ?? [];
  if (scheme === undefined || rest === undefined || user === undefined || password === undefined) return location;
  const encoded = [user, password].map((part) => encodeURIComponent(typeof part === "string" ? part : part.reveal()));
  return new Secret(`${scheme}${encoded.join(":")}@${rest}`, "the login of the repository");
}

const isSecret = (value: string | Secret): value is Secret => typeof value !== "string";

/**
 * A lock whose process on this host is gone will never go away by itself; of one that is hidden nobody can tell. Removing it stays with the
 * person: hosts may share a name.
 */
function aboutStaleLock(failure: StepError, stderr: string): StepError {
  const holder = failure.reason === "repository_locked" ? lockHolder(stderr) : null;
  if (holder === null || holder.host !== hostname() || sightOfNumber(holder.pid) !== "gone") return failure;
  const message = `${failure.message}; process ${holder.pid} of this host is gone`;
  return new StepError(failure.reason, message, {
    ...failure.details,
    advice: "remove the lock that it left behind: restic unlock",
  });
}

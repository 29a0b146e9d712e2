import { StepError } from "../../model/run/outcome.ts";
import { closedEnvironment, findProgram, launchFailure, resolveProgram } from "../program.ts";
import type { ExecuteSettings, Priority, ToolCall } from "../tool-call.ts";

/** What the kernel is given to start a call. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether another program starts it, whose failure to do so looks like an exit code. */
  readonly isWrapped: boolean;
}

/**
 * Around the program go what ends it with pantheros (`setpriv`, where util-linux has it) and what lowers its priority. `setpriv` is
 * outermost: what it asks of the kernel lasts through the others.
 * @param wrapperPath where those are looked for; default: where the program is
 * @throws StepError `tool_missing`, `config`
 */
export function prepareLaunch(call: ToolCall, settings: ExecuteSettings, wrapperPath?: string): Launch {
  const mark = settings.mark === undefined ? {} : { [settings.mark.variable]: settings.mark.value };
  const environment = closedEnvironment(settings.env, { ...call.environment, ...mark });
  const program = resolveProgram(call, environment["PATH"] ?? "");
  const path = wrapperPath ?? environment["PATH"] ?? "";
  const setpriv = findProgram("setpriv", path);
  const deathSignal = (call.stopSignal ?? "SIGTERM").slice("SIG".length);
  const wrappers = [
    ...(setpriv === null ? [] : [setpriv, "--pdeathsig", deathSignal, "--"]),
    ...priorityArgv(settings.priority ?? {}, path),
  ];
  const [file = program, ...args] = [...wrappers, program, ...call.argv.slice(1)];
  return { file, args, environment, isWrapped: wrappers.length > 0 };
}

/** https://man7.org/linux/man-pages/man1/ionice.1.html */
const ioClasses = { idle: "3", "best-effort": "2" } as const;

function priorityArgv({ nice, ionice }: Priority, path: string): readonly string[] {
  return [
    ...(nice === undefined ? [] : [required("nice", path, "coreutils"), "-n", `${nice}`, "--"]),
    // -t: where the kernel does not let us, the work is done all the same.
    ...(ionice === undefined ? [] : [required("ionice", path, "util-linux"), "-t", "-c", ioClasses[ionice], "--"]),
  ];
}

function required(name: string, path: string, debianPackage: string): string {
  const file = findProgram(name, path);
  if (file !== null) return file;
  throw new StepError("tool_missing", `${name}, which lowers the priority, is not installed`, {
    advice: `apt-get install ${debianPackage}, or take ${name} off the step`,
  });
}

const couldNotStart = /^(?:(?:setpriv|ionice): failed to execute .*|.*nice: .*): (.*)$/m;

/** A wrapper found the program on disk, but the kernel would not start it: a script whose interpreter is missing, for example. */
export function refuseUnlaunched(call: ToolCall, { isWrapped }: Launch, exitCode: number | null, stderr: string): void {
  if (!isWrapped || (exitCode !== 126 && exitCode !== 127)) return;
  const [, message] = couldNotStart.exec(stderr) ?? [];
  if (message !== undefined) throw launchFailure(call, "ENOEXEC", message);
}

import type { Stream } from "node:stream";
import type { StepError } from "../model/run/outcome.ts";
import { cancellation } from "./cancellation.ts";
import { createOutput } from "./output.ts";
import { followPipeline, type Joined } from "./pipeline.ts";
import { follow } from "./process/child.ts";
import { prepareLaunch, refuseUnlaunched } from "./process/launch.ts";
import { launchFailure } from "./program.ts";
import type { Execute, ExecuteSettings, Pipeline } from "./tool-call.ts";

export type * from "./tool-call.ts";

const defaultMaxOutputBytes = 64 * 1024 * 1024;

/**
 * The only way to start a program. Each call gets a closed environment, a process group of its own and no standard input; its
 * output is always drained, with bounded memory. When pantheros itself is killed, the kernel sends `stopSignal` to the program
 * (`setpriv --pdeathsig`, where util-linux has it). That signal is tied to the thread that started the child: call it from the
 * main thread, not from a worker.
 */
export function createExecute(settings: ExecuteSettings): Execute {
  return async (call) => {
    const launch = prepareLaunch(call, settings);
    // Loaded at the first call: commands that start no program need not pay for it.
    const { execa } = await import("execa");
    if (settings.signal?.aborted) throw cancellation(call.argv[0], settings.signal);

    // Of the clock that never goes backwards, as `performance.now`, for which Node would load a module of its own.
    const startedAt = process.uptime();
    const subprocess = execa(launch.file, launch.args, {
      env: launch.environment,
      extendEnv: false,
      ...(call.directory === undefined ? {} : { cwd: call.directory }),
      stdin: "ignore",
      buffer: false,
      encoding: "buffer",
      detached: true,
      cleanup: false,
      reject: false,
    });
    const { pid } = subprocess;
    if (pid === undefined) {
      const { code, originalMessage } = await subprocess;
      throw launchFailure(call, code, originalMessage ?? "it could not be started");
    }
    const output = createOutput(call, call.maxOutputBytes ?? defaultMaxOutputBytes);
    try {
      const end = await follow(subprocess.nodeChildProcess, pid, output, call, settings);
      const stderr = output.stderr();
      refuseUnlaunched(call, launch, end.exitCode, stderr);
      const durationSeconds = process.uptime() - startedAt;
      return { argv: call.argv, ...end, stdout: output.stdout(), stderr, durationSeconds };
    } finally {
      settings.onEnd?.(pid);
    }
  };
}

/** Several programs at once, each as `createExecute` starts one, in a process group of its own. */
export function createPipeline(settings: ExecuteSettings): Pipeline {
  return async (call) => {
    const launches = call.programs.map((program) => ({ program, launch: prepareLaunch(program, settings) }));
    const { spawn } = await import("node:child_process");
    if (settings.signal?.aborted) throw cancellation(call.programs[0].argv[0], settings.signal);

    // Within one turn of the event loop, so that Node has read nothing of a program's output before the next one has it as its input.
    const joined: Joined[] = [];
    let refusal: StepError | undefined;
    for (const { program, launch } of launches) {
      const before = joined.at(-1)?.child;
      const stdin = before?.stdout ?? (call.input === undefined ? "ignore" : "pipe");
      const { environment: env } = launch;
      try {
        const child = spawn(launch.file, launch.args, {
          env,
          ...(program.directory === undefined ? {} : { cwd: program.directory }),
          stdio: [stdin as Stream, "pipe", "pipe"],
          detached: true,
        });
        if (child.pid === undefined) throw await new Promise((resolve) => child.once("error", resolve));
        joined.push({ program, launch, child, pid: child.pid });
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        refusal = launchFailure(program, code, message);
        break;
      } finally {
        // The next program has it: when that is gone, the one before it is to hear of it.
        before?.stdout?.destroy();
      }
    }
    return followPipeline(joined, call, settings, refusal);
  };
}

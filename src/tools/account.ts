import { StepError } from "../model/run/outcome.ts";
import type { Execute, ToolCall } from "./exec.ts";

/** A user of this system, as the user database has it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/**
 * Looks a user up, in whatever database the system keeps its users.
 * @throws StepError `config` when there is none of that name
 */
export async function findAccount(name: string, execute: Execute): Promise<Account> {
  const { exitCode, stdout, stderr } = await execute({ argv: ["getent", "passwd", "--", name], timeoutSeconds: 30 });
  const [found = "", , uid, gid, , home = "/"] = stdout.trim().split(":");
  if (exitCode === 0 && uid !== undefined && gid !== undefined) {
    return { name: found, uid: Number(uid), gid: Number(gid), home };
  }
  throw new StepError("config", `there is no user called ${name} on this system`, {
    advice: "correct run_as, or leave it out to run as the user of pantheros",
    exitCode,
    tail: stderr,
  });
}

/**
 * The same program as another user, with that user's groups and home; as it is when that user is ourselves.
 * @throws StepError `config` when this process may not become somebody else
 */
export function asAccount(account: Account, argv: ToolCall["argv"], own = process.getuid?.() ?? 0): ToolCall["argv"] {
  if (account.uid === own) return argv;
  if (own !== 0) {
    throw new StepError("config", `only root can run ${argv[0]} as ${account.name}`, {
      advice: "run pantheros as root or as that user, or connect with a password instead",
    });
  }
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--init-groups"];
  // The kernel forgets the signal of the outer setpriv when the user changes.
  return ["env", `HOME=${account.home}`, "setpriv", ...identity, "--pdeathsig=TERM", "--", ...argv];
}

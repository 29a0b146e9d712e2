import { type Reason, StepError } from "../../model/run/outcome.ts";

const reasons: Readonly<Record<string, readonly [Reason, string]>> = {
  ENOSPC: ["space", "free space there"],
  EDQUOT: ["space", "raise the quota, or free space there"],
  EACCES: ["auth", "let the user of pantheros read and write there"],
  EPERM: ["auth", "let the user of pantheros read and write there"],
  EROFS: ["config", "remount it read-write"],
  ENOENT: ["source", "see that it is mounted"],
};

/**
 * Why a file could not be read, written or removed, as its system says.
 * @param what went wrong, with the place
 * @param otherwise another way out, after the advice: `name another folder`
 */
export function fileFailure(what: string, cause: unknown, otherwise?: string): StepError {
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const [reason, advice] = reasons[code] ?? ["unknown", "look at dmesg: the disk may be damaged"];
  return new StepError(reason, `${what}: ${message}`, {
    advice: otherwise === undefined ? advice : `${advice}, or ${otherwise}`,
    cause,
  });
}

import type { Config } from "../config/schema.ts";
import { shellWord } from "../model/layout/shell.ts";
import { redact } from "../model/secret.ts";

/**
 * How a person calls restic on a repository of the configuration, up to the name of what it shall do: to be copied, and without any secret. What is
 * declared as its `environment` has to be set beside it.
 */
export function resticCommand({ restic, repository, password }: Config["repositories"][string]): string {
  const from = password !== undefined && "file" in password ? ` -p ${shellWord(password.file)}` : "";
  return `${shellWord(restic)} -r ${shellWord(redact(repository, []))}${from}`;
}

/** Said wherever a secret stands in the configuration itself. */
export const literalSecret = {
  message: "a literal secret is refused",
  hint: "put it into a file (0600) and write {file: /path/of/the/file}",
} as const;

const telling = /secret|passw|passphrase|token|key/i;
const harmless = /(?:_|^)(?:file|path|command|id|hint)$/i;

/** Whether an environment variable of that name holds a secret: `AWS_SECRET_ACCESS_KEY`, not `AWS_ACCESS_KEY_ID` or `RESTIC_PASSWORD_FILE`. */
export function namesSecret(variable: string): boolean {
  return telling.test(variable) && !harmless.test(variable);
}

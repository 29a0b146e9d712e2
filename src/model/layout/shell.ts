/** A word as a POSIX shell reads it back, for commands that are printed for a person. Never handed to a shell by pantheros. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9@%+=:,./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

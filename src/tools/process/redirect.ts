type Argv = readonly [program: string, ...args: string[]];

/** The stream, and the words that open a file for it; `$0` is the file, `"$@"` the program and its arguments. */
const streams = { stdin: '<"$0"', stdout: '>"$0"', stderr: '2>"$0"' } as const;

/**
 * The same program with one of its streams in a file. The shell only opens the file and becomes the program: its text never changes, and
 * nothing that is handed to it is read as shell. What it is for: a program that runs as another user gets a file that this user could
 * not open itself, and what a program says on standard error survives the one that started it.
 */
export function redirected(stream: keyof typeof streams, file: string, argv: Argv): Argv {
  return ["sh", "-c", `exec "$@" ${streams[stream]}`, file, ...argv];
}

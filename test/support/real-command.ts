import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { commonOptions } from "../../src/commands/help.ts";
import { commands } from "../../src/commands/index.ts";

/** A call that docs or alerts name: the command is there, and takes these options and so many words. @param line `pantheros run JOB` */
export async function assertRealCommand(line: string): Promise<void> {
  const [, name = "", ...words] = line.split(/\s+/);
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  assert.ok(entry, `${line}: there is no command ${name}`);
  const command = await entry.load();
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...commonOptions }).map(([option, { type, ...more }]) => {
      const short = "short" in more ? more.short : undefined;
      return [option, short === undefined ? { type } : { type, short }];
    }),
  );
  const { positionals } = parseArgs({ args: words, options, allowPositionals: true, strict: true });
  const most = command.arguments.at(-1)?.many ? Number.POSITIVE_INFINITY : command.arguments.length;
  const least = command.arguments.filter(({ optional }) => !optional).length;
  assert.ok(positionals.length >= least && positionals.length <= most, `${line} takes ${least} to ${most} words`);
}

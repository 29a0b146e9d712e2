import type { ProgressDisplay } from "./progress-display.ts";
import { createLineProgress } from "./progress-lines.ts";
import { createLiveProgress } from "./progress-live.ts";
import { createStyle, type TerminalStream } from "./style.ts";

/**
 * A live line on a terminal, otherwise lines fit for a log, with systemd's priorities when the stream is the journal's.
 * @param now milliseconds since the epoch
 */
export function createProgress(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
  now: () => number,
): ProgressDisplay {
  const style = createStyle(stream, env);
  return style.isLive ? createLiveProgress(stream, style, now) : createLineProgress(stream, style, env, now);
}

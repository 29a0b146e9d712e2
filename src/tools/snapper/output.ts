import * as z from "zod";
import { lazily } from "../../model/lazily.ts";
import { StepError } from "../../model/run/outcome.ts";

/** One entry of `snapper --jsonout list`; `current`, which is the subvolume itself, is left out. */
export interface SnapperSnapshot {
  readonly number: number;
  readonly userdata: Readonly<Record<string, string>>;
}

const list = lazily(() =>
  z.record(
    z.string(),
    z.array(z.object({ number: z.int().min(0), userdata: z.record(z.string(), z.string()).nullish() })),
  ),
);
const settings = lazily(() => z.record(z.string(), z.string()));

/** Output of `snapper --jsonout -c CONFIG list`. @throws StepError `unknown` when it is something else */
export function parseSnapperList(text: string, config: string): readonly SnapperSnapshot[] {
  const all = parse(text, list())[config] ?? [];
  return all.filter(({ number }) => number > 0).map(({ number, userdata }) => ({ number, userdata: userdata ?? {} }));
}

/** Output of `snapper --jsonout -c CONFIG get-config`: the file's variables. @throws StepError `unknown` */
export function parseSnapperSettings(text: string): Readonly<Record<string, string>> {
  return parse(text, settings());
}

/** Output of `snapper create --print-number`; null: it printed no number. */
export function parseSnapperNumber(text: string): number | null {
  const [, number] = /^\s*(\d{1,9})\s*$/.exec(text) ?? [];
  return number === undefined ? null : Number(number);
}

function parse<Shape extends z.ZodType>(text: string, shape: Shape): z.infer<Shape> {
  try {
    return shape.parse(JSON.parse(text));
  } catch (cause) {
    throw new StepError("unknown", "snapper printed something that it has never printed before", {
      advice: "see that it is snapper 0.10 or later: snapper --no-dbus --version",
      tail: text.slice(-4096),
      cause,
    });
  }
}

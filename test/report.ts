import type { TestEvent } from "node:test/reporters";
import { inspect, styleText } from "node:util";

export interface ReportOptions {
  readonly write: (text: string) => void;
  /** A skipped test is a failure. */
  readonly requireAll: boolean;
  readonly colours: boolean;
  /** A file as the report names it. */
  readonly where: (file: string) => string;
}

interface Found {
  readonly title: string;
  readonly file: string;
  readonly detail: string;
}

interface FileState {
  readonly titles: string[];
  readonly failures: Found[];
  passed: number;
  skipped: number;
  /** Tests that never ran to their end because what they are part of failed first. */
  cancelled: number;
  output: string;
}

/** One line per file while they run; at the end what was skipped and why, what failed in full, and the count. */
export function createReport(options: ReportOptions) {
  const files = new Map<string, FileState>();
  const skips: Found[] = [];
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    options.colours ? styleText(style, text, { validateStream: false }) : text;

  function stateOf(file: string): FileState {
    const state = files.get(file) ?? { titles: [], failures: [], passed: 0, skipped: 0, cancelled: 0, output: "" };
    files.set(file, state);
    return state;
  }

  /** @param ok what the runner says; a failure that was expected (todo) counts as skipped */
  function count(data: Finished, ok: boolean): void {
    const file = data.file ?? "";
    const state = stateOf(file);
    const title = [...state.titles.slice(0, data.nesting), data.name].join(" › ");
    const left = data.skip ?? data.todo;
    if (left !== undefined) {
      state.skipped += 1;
      skips.push({ title, file, detail: left === true || left === "" ? "no reason given" : String(left) });
    } else if (!ok) {
      const kind = data.details.error?.failureType;
      if (kind === "cancelledByParent") state.cancelled += 1;
      // A suite that failed only because of what is in it adds nothing.
      else if (kind !== "subtestsFailed") {
        state.failures.push({ title, file, detail: explain(data.details.error) });
      }
    } else if (data.details.type !== "suite") state.passed += 1;
  }

  function fileLine(file: string, seconds: number): void {
    const { passed, skipped, failures, cancelled } = stateOf(file);
    const failed = failures.length + cancelled;
    const mark = failed > 0 ? paint("red", "✖") : skipped > 0 ? paint("yellow", "◌") : paint("green", "✔");
    const counts = [
      `${passed} passed`,
      failed > 0 ? `${failed} failed` : "",
      skipped > 0 ? `${skipped} skipped` : "",
    ].filter(Boolean);
    options.write(`${mark} ${options.where(file)}  ${paint("dim", `${counts.join(", ")}, ${seconds.toFixed(1)} s`)}\n`);
  }

  return {
    take(event: TestEvent): void {
      if (event.type === "test:start") stateOf(event.data.file ?? "").titles[event.data.nesting] = event.data.name;
      else if (event.type === "test:pass") count(event.data, true);
      else if (event.type === "test:fail") count(event.data, false);
      else if (event.type === "test:stdout" || event.type === "test:stderr") {
        stateOf(event.data.file ?? "").output += event.data.message;
      } else if (event.type === "test:summary" && event.data.file !== undefined) {
        fileLine(event.data.file, event.data.duration_ms / 1000);
      }
    },

    /** A failure of the run that no test reported. */
    failure(file: string, title: string, detail: string): void {
      stateOf(file).failures.push({ title, file, detail });
    },

    /** Writes the end of the report. @returns whether the run as a whole succeeded */
    close(): boolean {
      const all = [...files.values()];
      if (skips.length > 0) options.write(`\n${options.requireAll ? "Skipped, and nothing may be" : "Skipped"}:\n`);
      for (const skip of skips) options.write(`  ${options.where(skip.file)}  ${skip.title}: ${skip.detail}\n`);
      for (const [file, { failures, cancelled, output }] of files) {
        for (const { title, detail } of failures) {
          options.write(`\n${paint("red", `✖ ${options.where(file)}  ${title}`)}\n${indent(detail)}\n`);
        }
        if (cancelled > 0) options.write(`\n  ${options.where(file)}: ${cancelled} more were cancelled by that\n`);
        if (failures.length > 0 && output.trim())
          options.write(`\n  what it wrote:\n${indent(lastLines(output, 60))}\n`);
      }
      const passed = sum(all.map((state) => state.passed));
      const failed = sum(all.map((state) => state.failures.length + state.cancelled));
      options.write(`\n${passed} passed, ${failed} failed, ${skips.length} skipped\n`);
      return failed === 0 && !(options.requireAll && skips.length > 0);
    },
  };
}

type Finished = Extract<TestEvent, { type: "test:pass" | "test:fail" }>["data"] & {
  readonly details: { readonly error?: Error & { readonly failureType?: string } };
};

/** The runner wraps what a test threw; the person wants the thrown thing, with what caused it. */
function explain(error: Error | undefined): string {
  const thrown = error?.cause ?? error;
  if (!(thrown instanceof Error)) return typeof thrown === "string" ? thrown : inspect(thrown);
  const cause = thrown.cause === undefined ? "" : `\ncaused by: ${explain(thrown.cause as Error)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

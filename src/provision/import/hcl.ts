import type { JsonValue } from "../../model/measurement.ts";
import { StepError } from "../../model/run/outcome.ts";

/** `type "label" { … }` of the language of Terraform. */
export interface HclBlock {
  readonly type: string;
  readonly labels: readonly string[];
  /** From 1; null: it was not read from a file of Terraform. */
  readonly line: number | null;
  readonly attributes: readonly HclAttribute[];
  readonly blocks: readonly HclBlock[];
}

export interface HclAttribute {
  readonly name: string;
  readonly line: number | null;
  /** Undefined: an expression, which only Terraform can work out. */
  readonly value: JsonValue | undefined;
  /** As it is written. */
  readonly source: string;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

/** No file that people write is nested deeper; what is would only exhaust the stack. */
const deepest = 64;
/** Locals that name locals that name locals … */
const mostPasses = 4;

type Locals = ReadonlyMap<string, JsonValue>;

/**
 * Reads the blocks and plain values of a file of Terraform: strings, heredocs, numbers, booleans, lists, maps, `jsonencode` of them, and
 * locals of the same file that are one of these. Other expressions are kept as they are written.
 * @throws StepError `config` with the line, for what is not in the language
 */
export function readHcl(text: string, file: string): readonly HclBlock[] {
  let locals: Locals = new Map();
  let blocks = readPass(text, file, locals);
  for (let pass = 1; pass < mostPasses; pass += 1) {
    const found = localsIn(blocks);
    if (found.size === locals.size) break;
    locals = found;
    blocks = readPass(text, file, locals);
  }
  return blocks;
}

function localsIn(blocks: readonly HclBlock[]): Locals {
  const all = blocks.filter(({ type }) => type === "locals").flatMap(({ attributes }) => attributes);
  return new Map(all.flatMap(({ name, value }): [string, JsonValue][] => (value === undefined ? [] : [[name, value]])));
}

function readPass(text: string, file: string, locals: Locals): readonly HclBlock[] {
  let at = 0;
  let depth = 0;
  const counted = { to: 0, line: 1 };
  const lineHere = (): number => {
    // Counted on from the last time: a file of thousands of monitors is read once.
    if (at < counted.to) Object.assign(counted, { to: 0, line: 1 });
    for (; counted.to < at; counted.to += 1) if (text[counted.to] === "\n") counted.line += 1;
    return counted.line;
  };
  /** Sticky patterns: what stands here. */
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const skipSpace = () => match(/(?:\s|#[^\n]*|\/\/[^\n]*|\/\*.*?\*\/)*/sy);
  const fail = (what: string): StepError =>
    new StepError("config", `${file}, line ${lineHere()}: ${what}`, {
      advice: "is it an export of Terraform (terraform plan -generate-config-out)? Check it with: terraform validate",
    });

  /** @throws StepError beyond what people write */
  function inside<T>(read: () => T): T {
    depth += 1;
    if (depth > deepest) throw fail(`it is nested more than ${deepest} levels deep`);
    const found = read();
    depth -= 1;
    return found;
  }

  function body(isInside: boolean): Pick<HclBlock, "attributes" | "blocks"> {
    const attributes: HclAttribute[] = [];
    const blocks: HclBlock[] = [];
    for (skipSpace(); at < text.length; skipSpace()) {
      if (isInside && match(/\}/y) !== null) return { attributes, blocks };
      const line = lineHere();
      const name = match(/[A-Za-z_][\w-]*/y)?.[0];
      if (name === undefined) throw fail(`neither an attribute nor a block begins with ${JSON.stringify(text[at])}`);
      if (match(/[ \t]*=(?!=)[ \t]*/y) !== null) attributes.push({ name, line, ...attributeValue() });
      else blocks.push(block(name, line));
    }
    if (isInside) throw fail("a block is never closed: } is missing");
    return { attributes, blocks };
  }

  function block(type: string, line: number): HclBlock {
    const labels: string[] = [];
    for (;;) {
      const label = match(/[ \t]*(?:"([^"\n]*)"|([A-Za-z_][\w-]*))/y);
      if (label === null) break;
      labels.push(label[1] ?? label[2] ?? "");
    }
    if (match(/[ \t]*\{/y) === null) throw fail(`${type} has neither = nor {`);
    return { type, labels, line, ...inside(() => body(true)) };
  }

  function attributeValue(): Pick<HclAttribute, "value" | "source"> {
    const begin = at;
    const read = value();
    if (read !== undefined && match(/[ \t]*(?=\r?\n|\}|#|\/\/|\/\*|$)/y) !== null)
      return { value: read, source: text.slice(begin, at).trim() };
    at = begin;
    skipExpression();
    return { value: undefined, source: text.slice(begin, at).trim() };
  }

  /** Undefined: it is no plain value. */
  function value(): JsonValue | undefined {
    if (match(/"/y) !== null) return quoted();
    const heredoc = match(/<<(-?)(\w+)[ \t]*\r?\n(.*?)^[ \t]*\2[ \t]*(?=\r?$)/msy);
    if (heredoc !== null) return template(unindented(heredoc[3] ?? "", heredoc[1] === "-"), locals);
    const number = match(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])/y);
    if (number !== null && Number.isFinite(Number(number[0]))) return Number(number[0]);
    if (number !== null) return undefined;
    const word = match(/(?:true|false|null)(?![\w.([-])/y);
    if (word !== null) return JSON.parse(word[0]) as JsonValue;
    const local = match(/local\.([A-Za-z_][\w-]*)(?![\w.[-])/y);
    if (local !== null) return locals.get(local[1] ?? "");
    if (match(/jsonencode[ \t]*\(/y) !== null) return inside(encoded);
    if (match(/\[/y) !== null) return inside(list);
    return match(/\{/y) === null ? undefined : inside(map);
  }

  function encoded(): string | undefined {
    skipSpace();
    const read = value();
    skipSpace();
    if (read === undefined || match(/,?\s*\)/y) === null) return undefined;
    return JSON.stringify(read);
  }

  function quoted(): string | undefined {
    const found = match(/((?:[^"\\\n]|\\.)*)"/y);
    if (found === null) return undefined;
    const written = (found[1] ?? "").replaceAll(
      /\\(u[\da-fA-F]{4}|U[\da-fA-F]{8}|.)/g,
      (whole: string, escaped: string) => {
        const point = /^u./i.test(escaped) ? Number.parseInt(escaped.slice(1), 16) : null;
        if (point === null) return escapes[escaped] ?? escaped;
        return point > 0x10ffff ? whole : String.fromCodePoint(point);
      },
    );
    return template(written, locals);
  }

  function list(): JsonValue | undefined {
    const items: JsonValue[] = [];
    for (skipSpace(); match(/\]/y) === null; skipSpace()) {
      const item = value();
      if (item === undefined) return undefined;
      items.push(item);
      skipSpace();
      if (match(/,/y) === null && text[at] !== "]") return undefined;
    }
    return items;
  }

  function map(): JsonValue | undefined {
    const entries: [string, JsonValue][] = [];
    for (skipSpace(); match(/\}/y) === null; skipSpace()) {
      const key = match(/"([^"\\\n]*)"|([A-Za-z_][\w-]*)/y);
      if (key === null || match(/\s*[=:]\s*/y) === null) return undefined;
      const inside = value();
      if (inside === undefined) return undefined;
      entries.push([key[1] ?? key[2] ?? "", inside]);
      if (match(/[ \t]*(?:,|\r?\n|(?=\}|#|\/\/))/y) === null) return undefined;
    }
    return Object.fromEntries(entries);
  }

  /** To the end of the line, and beyond it as long as something is open. */
  function skipExpression(): void {
    for (let depth = 0; at < text.length; ) {
      if (match(/"(?:[^"\\\n]|\\.)*"|#[^\n]*|<<-?(\w+)[ \t]*\r?\n.*?^[ \t]*\1[ \t]*(?=\r?$)/msy) !== null) continue;
      const next = text[at] as string;
      if (depth === 0 && (next === "\n" || next === "}")) return;
      if ("([{".includes(next)) depth += 1;
      if (")]}".includes(next)) depth -= 1;
      at += 1;
    }
  }

  return body(false).blocks;
}

/** Undefined where something is put in that only Terraform knows; `$${` is `${` itself. */
function template(written: string, locals: Locals): string | undefined {
  let isWhole = true;
  const text = written.replaceAll(/([$%])\1\{|\$\{\s*local\.([A-Za-z_][\w-]*)\s*\}|[$%]\{/g, (found, sign, name) => {
    if (sign !== undefined) return `${sign}{`;
    const value = typeof name === "string" ? locals.get(name) : undefined;
    if (["string", "number", "boolean"].includes(typeof value)) return String(value);
    isWhole = false;
    return found;
  });
  return isWhole ? text : undefined;
}

function unindented(written: string, isFlush: boolean): string {
  if (!isFlush) return written;
  const lines = written.split("\n");
  const indents = lines.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
  const common = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  return lines.map((line) => line.slice(Math.min(common, line.length))).join("\n");
}

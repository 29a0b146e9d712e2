import { inspect } from "node:util";

const redacted = "[redacted]";

/** A value that never prints itself: not in a log, an error, JSON or a template. Only `reveal()` gives it away. */
export class Secret {
  readonly #value: string;
  /** Where it came from, fit to be shown: `file /etc/pantheros/restic.password`. */
  readonly origin: string;

  constructor(value: string, origin: string) {
    this.#value = value;
    this.origin = origin;
  }

  /** The value itself, for an environment variable or a request; never for argv. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}

/** Shapes of secrets that tools print although nobody asked: URL passwords, AWS keys, bearer tokens, `password=…`. */
const shapes: readonly [RegExp, string][] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:)[^\s@/]+@/gi, `$1${redacted}@`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, redacted],
  [/\b(bearer|basic)\s+[\w.~+/-]{8,}=*/gi, `$1 ${redacted}`],
  [
    /\b((?:[\w-]*(?:password|passwd|secret|token|api[_-]?key|app[_-]?key|account[_-]?key))["']?\s*[=:]\s*["']?)[^\s"',;]{4,}/gi,
    `$1${redacted}`,
  ],
];

/** Removes secrets from text by value and by shape, before it is stored or shown. Values shorter than 4 characters are left alone. */
export function redact(text: string, secrets: readonly Secret[]): string {
  let clean = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length >= 4) clean = clean.replaceAll(value, redacted);
  }
  for (const [shape, replacement] of shapes) clean = clean.replace(shape, replacement);
  return clean;
}

/** Every text in a piece of data, redacted. */
export function redactAll<T>(data: T, secrets: readonly Secret[]): T;
export function redactAll(data: unknown, secrets: readonly Secret[]): unknown {
  if (typeof data === "string") return redact(data, secrets);
  if (Array.isArray(data)) return data.map((item) => redactAll(item, secrets));
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, redactAll(value, secrets)]));
}

import { escapeHidden } from "../../model/visible-text.ts";

/** Text as a terminal shows it: how wide it is, what of it must not reach the terminal, and how to cut it. */

/** Colour and weight (SGR); the only escape sequences that are let through. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const sgr = /\u001b\[[\d;]*m/y;
/** Characters that are two cells wide: UAX #11 (Unicode 16) Wide and Fullwidth, in ranges that matter. */
const wide =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
const pictorial = /^\p{Emoji_Presentation}|^\p{Regional_Indicator}{2}|\ufe0f/u;
const marksOnly = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** Printable ASCII takes the short way. */
const plain = /^[\u0020-\u007e]*$/;
let segmenter: Intl.Segmenter | undefined;

interface Piece {
  readonly text: string;
  /** Cells. */
  readonly width: number;
}

/** A name in a table must not move the cursor, break the line or turn the text around: what would is written as `\n`, `\x1b`, `\u202e`. */
export function makeVisible(text: string): string {
  if (plain.test(text)) return text;
  let result = "";
  for (let at = 0; at < text.length; ) {
    sgr.lastIndex = at;
    const style = sgr.exec(text)?.[0];
    if (style === undefined) {
      const next = text.indexOf("\u001b", at + 1);
      const end = next === -1 ? text.length : next;
      result += escapeHidden(text.slice(at, end));
      at = end;
    } else {
      result += style;
      at += style.length;
    }
  }
  return result;
}

/** Cells that a text takes; styles take none. Expects text that `makeVisible` gave. */
export function displayWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const piece of pieces(text)) width += piece.width;
  return width;
}

/** Cuts a text to a width, `…` included; styles are closed behind it. */
export function truncate(text: string, width: number, ellipsis = "…"): string {
  if (displayWidth(text) <= width) return text;
  const room = Math.max(0, width - ellipsis.length);
  let [result, used, styled, full] = ["", 0, false, false];
  for (const piece of pieces(text)) {
    if (piece.width === 0 && piece.text.startsWith("\u001b")) {
      if (!full) result += piece.text;
      styled = true;
    } else if (!full && used + piece.width <= room) {
      result += piece.text;
      used += piece.width;
    } else {
      full = true;
    }
  }
  return `${result}${ellipsis.slice(0, width)}${styled ? "\u001b[0m" : ""}`;
}

function* pieces(text: string): Generator<Piece> {
  for (let at = 0; at < text.length; ) {
    sgr.lastIndex = at;
    const style = sgr.exec(text)?.[0];
    if (style !== undefined) {
      yield { text: style, width: 0 };
      at += style.length;
      continue;
    }
    const next = text.indexOf("\u001b", at + 1);
    const end = next === -1 ? text.length : next;
    segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
    for (const { segment } of segmenter.segment(text.slice(at, end))) yield { text: segment, width: cells(segment) };
    at = end;
  }
}

function cells(grapheme: string): number {
  if (marksOnly.test(grapheme)) return 0;
  return wide.test(grapheme) || pictorial.test(grapheme) ? 2 : 1;
}

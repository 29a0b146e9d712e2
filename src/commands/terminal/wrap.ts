import { displayWidth } from "./text.ts";

/**
 * A text in lines of at most a width; longer words stand alone.
 * @param first before the first line @param next before the others
 */
export function wrap(text: string, width: number, first = "", next = first): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(" ")) {
    if (!isEmpty && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

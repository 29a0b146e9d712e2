/** Longer is not typed by anybody, in characters. */
const longest = 64 * 1024;

export interface LineInput {
  /**
   * Takes what a terminal in raw mode sends.
   * @returns how the line ended, null while it has not, and what came behind its end
   */
  take(text: string): { readonly ended: "entered" | "interrupted" | null; readonly rest: string };
  text(): string;
}

/**
 * One line as it is typed or pasted: Backspace takes the last character away, Ctrl-U and Ctrl-W all of them; arrows and other keys that
 * send escape sequences do nothing; Ctrl-C, Ctrl-\ and Ctrl-D on an empty line end it.
 * @param show draws what has changed
 */
export function createLineInput(show: (text: string) => void): LineInput {
  const line: string[] = [];
  /** An escape sequence that is not complete yet. */
  let sequence = "";

  function erase(count: number): void {
    const gone = Math.min(count, line.length);
    line.length -= gone;
    show("\b \b".repeat(gone));
  }

  function add(character: string): void {
    if (line.length >= longest) return;
    line.push(character);
    show(character);
  }

  return {
    take(text) {
      // By characters, not by halves of them.
      const characters = [...text];
      for (const [index, character] of characters.entries()) {
        if (sequence !== "" || character === "\u001b") {
          sequence += character;
          if (isComplete(sequence)) sequence = "";
          continue;
        }
        const rest = () => characters.slice(index + 1).join("");
        if (character === "\r" || character === "\n") return { ended: "entered", rest: rest().replace(/^\n/, "") };
        if (character === "\u0003" || character === "\u001c") return { ended: "interrupted", rest: "" };
        if (character === "\u0004" && line.length === 0) return { ended: "interrupted", rest: "" };
        if (character === "\u007f" || character === "\b") erase(1);
        else if (character === "\u0015" || character === "\u0017") erase(line.length);
        else if (character >= " " || character === "\t") add(character);
      }
      // Escape alone: what is typed next is no part of it.
      if (sequence === "\u001b") sequence = "";
      return { ended: null, rest: "" };
    },
    text: () => line.join(""),
  };
}

/** `ESC [ … letter` and `ESC O letter`, as keys and pasting (`ESC [200~`) send them; `ESC letter` for Alt. */
function isComplete(sequence: string): boolean {
  if (sequence.length < 2) return false;
  if (sequence[1] === "[") return sequence.length > 2 && /[@-~]$/.test(sequence);
  return sequence[1] !== "O" || sequence.length > 2;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: controls, and marks that turn the direction of text around
const hidden = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Writes what would move a cursor, break a line or turn text around so that it is seen: `\n`, `\x1b`, `\u202e`. */
export function escapeHidden(text: string): string {
  return text.replaceAll(hidden, (character) => {
    const known = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
    if (known) return known;
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, "0")}`;
  });
}

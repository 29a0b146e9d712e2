const escapeMark = "‛";
/** Control characters and DEL, which rclone's `Ctl` and `Del` replace by their pictures U+2401 to U+241F and U+2421. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const controls = /[\u0001-\u001f\u007f]/g;
const pictures = /[␁-␟␡]/g;

/**
 * The name of a file's object as rclone writes it with the encoding `Slash,Del,Ctl,InvalidUtf8,Dot`: control characters become
 * their pictures (`␊`), pictures are marked (`‛␊`), bytes that are not UTF-8 become `‛FF`. Restoring with the same encoding gives
 * the name back. Verified with 1.60 and 1.75 (2026-11); neither can read a file with a single `‛` in its name.
 * @param path relative, with `/` between names, as bytes: names need not be UTF-8
 */
export function objectName(path: Uint8Array): string {
  return decode(path).replaceAll(pictures, `${escapeMark}$&`).replaceAll(controls, picture);
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    // Rare: a name that is not UTF-8, taken apart below.
  }
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    text +=
      length === 0
        ? `${escapeMark}${(bytes[at] as number).toString(16).toUpperCase().padStart(2, "0")}`
        : strict.decode(bytes.subarray(at, at + length));
    at += Math.max(1, length);
  }
  return text;
}

/** Bytes of the valid UTF-8 sequence at a place, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  try {
    strict.decode(bytes.subarray(at, at + length));
    return at + length <= bytes.length ? length : 0;
  } catch {
    return 0;
  }
}

/** The name that was probably meant: differs in case or separators only, or by few typing errors. Null when nothing is near. */
export function closest(written: string, names: Iterable<string>): string | null {
  if (written.length > 64) return null;
  const plain = simplify(written);
  let best: string | null = null;
  // One error in three letters; with less than three letters every name would be near.
  let bestDistance = 1 + Math.floor(plain.length / 3);
  for (const name of names) {
    const distance = editDistance(plain, simplify(name), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "daily"?`, or the names there are, or what to do when there are none. */
export function suggest(written: string, names: readonly string[], none: string): string {
  const near = closest(written, names);
  if (near !== null) return `did you mean "${near}"?`;
  if (names.length === 0) return none;
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `there are: ${shown}, … (${names.length})` : `there are: ${shown}`;
}

function simplify(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, "");
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); gives up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let distance = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        distance = Math.min(distance, (beforeLast[column - 2] ?? 0) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? limit;
}

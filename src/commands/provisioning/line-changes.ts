export interface LineChange {
  readonly sign: "+" | "-" | " ";
  readonly line: string;
}

/** Lines around a change that are shown with it. */
const around = 1;

/** What has changed between two texts, line by line: all between their common beginning and their common end. */
export function lineChanges(before: string, after: string): readonly LineChange[] {
  const [old, wanted] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < old.length && start < wanted.length && old[start] === wanted[start]) start += 1;
  let end = 0;
  while (end < old.length - start && end < wanted.length - start && old.at(-1 - end) === wanted.at(-1 - end)) end += 1;
  const isTold = ({ sign, line }: LineChange) => sign !== " " || line.trim() !== "";
  const as = (sign: LineChange["sign"]) => (line: string) => ({ sign, line });
  return [
    ...old.slice(Math.max(0, start - around), start).map(as(" ")),
    ...old.slice(start, old.length - end).map(as("-")),
    ...wanted.slice(start, wanted.length - end).map(as("+")),
    ...old.slice(old.length - end, old.length - end + around).map(as(" ")),
  ].filter(isTold);
}

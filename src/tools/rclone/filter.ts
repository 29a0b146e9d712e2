/**
 * What rclone's `--exclude` leaves out, so that the proof expects exactly the rest. https://rclone.org/filtering/ (2026-11):
 * `*` within a name, `**` across folders, `?`, `[a-z]`, `{one,two}`, `\` takes the next character as it is; a leading `/` anchors
 * the pattern at the top, a trailing `/` means the folder and everything in it.
 * @returns a test for names as `objectName` gives them
 * @throws SyntaxError for a pattern that rclone would refuse, and for `{{regular expressions}}`
 */
export function excludeFilter(patterns: readonly string[]): (name: string) => boolean {
  const expressions = patterns.map(toExpression);
  return (name) => expressions.some((expression) => expression.test(name));
}

const classPattern = /\[(?:\\.|[^\]\\])+\]/y;

function toExpression(pattern: string): RegExp {
  if (pattern === "") throw new SyntaxError("an empty pattern");
  if (pattern.includes("{{")) throw new SyntaxError(`${pattern}: regular expressions are not supported, use globs`);
  const anchored = pattern.startsWith("/");
  const glob = `${anchored ? pattern.slice(1) : pattern}${pattern.endsWith("/") ? "**" : ""}`;
  let source = anchored ? "^" : "(?:^|/)";
  let open = false;
  for (let at = 0; at < glob.length; at += 1) {
    const character = glob[at] as string;
    if (character === "*") {
      const stars = /^\*+/.exec(glob.slice(at))?.[0].length ?? 1;
      if (stars > 2) throw new SyntaxError(`${pattern}: more than two stars`);
      source += stars === 2 ? ".*" : "[^/]*";
      at += stars - 1;
    } else if (character === "?") {
      source += "[^/]";
    } else if (character === "[") {
      classPattern.lastIndex = at;
      const [group] = classPattern.exec(glob) ?? [];
      if (group === undefined) throw new SyntaxError(`${pattern}: [ without ]`);
      source += group;
      at += group.length - 1;
    } else if (character === "\\") {
      at += 1;
      if (at >= glob.length) throw new SyntaxError(`${pattern}: ends with a backslash`);
      source += literal(glob[at] as string);
    } else if (character === "{" || character === "}") {
      if (open === (character === "{")) throw new SyntaxError(`${pattern}: braces do not match`);
      open = !open;
      source += open ? "(?:" : ")";
    } else {
      source += open && character === "," ? "|" : literal(character);
    }
  }
  if (open) throw new SyntaxError(`${pattern}: { without }`);
  return new RegExp(`${source}$`, "u");
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

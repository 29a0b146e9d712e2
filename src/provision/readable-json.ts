/** As wide as a line of the sources. */
const lineWidth = 120;

/** JSON for reviews: what fits on a line is on one line. Ends with a line break. */
export function readableJson(value: unknown): string {
  // What is no JSON, such as the marks of typed builders, goes away.
  return `${written(JSON.parse(JSON.stringify(value)), "", 0)}\n`;
}

/** @param before how much stands on the line already, @param after how much follows it there */
function written(value: unknown, indent: string, before: number, after = 1): string {
  const flat = flatJson(value);
  if (indent.length + before + flat.length + after <= lineWidth || typeof value !== "object" || value === null)
    return flat;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${deeper}${written(item, deeper, 0)}`).join(",\n")}\n${indent}]`;
  }
  const fields = Object.entries(value).map(([name, inside]) => {
    const key = `${JSON.stringify(name)}: `;
    return `${deeper}${key}${written(inside, deeper, key.length)}`;
  });
  return `{\n${fields.join(",\n")}\n${indent}}`;
}

function flatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inside]) => `${JSON.stringify(name)}: ${flatJson(inside)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

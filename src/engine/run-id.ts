import { formatTimestamp } from "../model/quantity.ts";

/** Without letters and digits that are mistaken for each other. */
const alphabet = "23456789abcdefghjkmnpqrstuvwxyz";

/** `20261121T085700Z-k3f9`: sorts by time, can be read aloud, unique within a host (31⁴ per second). @param random 0 ≤ x < 1 */
export function newRunId(at: number, random: () => number): string {
  let suffix = "";
  for (let i = 0; i < 4; i += 1) suffix += alphabet[Math.floor(random() * alphabet.length)];
  return `${formatTimestamp(at)}-${suffix}`;
}

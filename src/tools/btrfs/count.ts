import { doubtful } from "./doubt.ts";

/** Above it a number is an unsigned one that went below zero: both the kernel and btrfs-progs print such. */
const largest = 2n ** 63n;

/**
 * A count or a number of bytes as the kernel and btrfs-progs write them: digits and nothing else. No text at all is not 0.
 * @param what names the number for a person
 * @throws StepError `verification`
 */
export function countOf(text: string, what: string): number {
  const digits = /^\s*(\d+)\s*$/.exec(text)?.[1];
  if (digits !== undefined && BigInt(digits) < largest) return Number(digits);
  const said = text.trim() === "" ? "nothing" : JSON.stringify(text.trim().slice(0, 40));
  throw doubtful(`${what} is ${said}, which is no number that can be true`, "kernel");
}

import { StepError } from "../../model/run/outcome.ts";

const advices = {
  program: "see whether btrfs says the same by hand, and that it is btrfs-progs 5.0 or newer: btrfs --version",
  kernel: "see dmesg, and what btrfs filesystem usage says of it",
  record: "let the record be written anew: btrfs scrub start",
} as const;

/** What cannot be true, or is not understood: nothing is concluded from it. @param teller who said it */
export function doubtful(message: string, teller: keyof typeof advices): StepError {
  return new StepError("verification", message, { advice: advices[teller] });
}

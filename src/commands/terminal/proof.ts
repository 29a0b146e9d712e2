import type { Proof } from "../../collectors/proof.ts";
import type { Style } from "./style.ts";

/** What others have seen of what a step left behind; null: nothing that could be seen was claimed. */
export function proofText(proof: Proof | null, style: Style): string {
  if (proof === null) return style.dim("proved by its own run");
  if (proof.state === "disagrees") return style.bad(`no: ${proof.why}`);
  return proof.state === "proven" ? style.good(`yes, ${proof.why}`) : style.dim(`not yet: ${proof.why}`);
}

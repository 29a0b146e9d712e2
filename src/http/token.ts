import { createHash, timingSafeEqual } from "node:crypto";
import type { Secret } from "../model/secret.ts";

/** Whether an Authorization header carries the bearer token. A token takes the same time whatever is wrong with it. */
export function showsToken(authorization: string | undefined, token: Secret): boolean {
  const shown = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  // An empty token, from an empty file, must not be one that is shown by showing none.
  if (shown === undefined) return false;
  // Digests have one length, so that not even the token's length can be measured.
  return timingSafeEqual(digest(shown), digest(token.reveal()));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

import type { Kind } from "../kind.ts";
import { clock } from "./clock.ts";
import { kill } from "./kill.ts";
import { ledger } from "./ledger.ts";
import { oom } from "./oom.ts";
import { outputs } from "./outputs.ts";
import { power } from "./power.ts";
import { hub, s3 } from "./servers.ts";
import { space } from "./space.ts";

/** Every kind of fault: one line each. */
export const kinds: readonly Kind[] = [kill, oom, power, space, s3, hub, ledger, clock, outputs];

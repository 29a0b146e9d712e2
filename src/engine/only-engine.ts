import { endOf } from "../collectors/awake.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ProcessIdentity } from "../model/run/run.ts";
import { sightOf } from "../tools/process/process.ts";

/** Who is the engine of a ledger: one at a time, else jobs whose scheduler is "internal" would be started twice. */
const owner = "engine";
const key = "holder";
const released = { released: true };

/** An engine journals that the machine is awake every 15 seconds; one that has been silent for so long is not there, milliseconds. */
const silence = 180_000;
/** The same for who wants to take its place: a container that was killed and is started again shall not wait for long, milliseconds. */
const briefSilence = 60_000;

/** @returns the engine that is there already; null: this one is it from now on. @param now milliseconds since the epoch */
export function claimEngine(
  ledger: Pick<Ledger, "awake" | "revise">,
  own: ProcessIdentity,
  now: number,
): ProcessIdentity | null {
  let other: ProcessIdentity | null = null;
  ledger.revise(owner, key, (known) => {
    const holder = identityIn(known);
    other = holder !== null && !isSame(holder, own) && isThere(holder, ledger, now, briefSilence) ? holder : null;
    return { ...(other ?? own) };
  });
  return other;
}

/** It ends: nobody has to find out that it is gone. */
export function releaseEngine(ledger: Pick<Ledger, "revise">, own: ProcessIdentity): void {
  ledger.revise(owner, key, (known) => {
    const holder = identityIn(known);
    return holder === null || isSame(holder, own) ? released : { ...holder };
  });
}

/** Whether an engine works on this ledger. @param now milliseconds since the epoch */
export function hasEngine(ledger: Pick<Ledger, "awake" | "recall">, now: number): boolean {
  const note = ledger.recall(owner, key);
  // Of an engine that knew nothing of this.
  if (note === null) return isJournaling(ledger, now, silence);
  const holder = identityIn(note);
  return holder !== null && isThere(holder, ledger, now, silence);
}

/** One that cannot be seen from here – in a container that shares the state directory – is there as long as it journals. */
function isThere(holder: ProcessIdentity, ledger: Pick<Ledger, "awake">, now: number, silentFor: number): boolean {
  const sight = sightOf(holder);
  return sight === "hidden" ? isJournaling(ledger, now, silentFor) : sight === "alive";
}

function isJournaling(ledger: Pick<Ledger, "awake">, now: number, silentFor: number): boolean {
  const last = endOf(ledger, now);
  return last !== null && now - last <= silentFor;
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.bootId === other.bootId && one.pid === other.pid && one.startTicks === other.startTicks;
}

function identityIn(note: unknown): ProcessIdentity | null {
  const { bootId, pid, startTicks } = (note ?? {}) as Partial<Record<keyof ProcessIdentity, unknown>>;
  if (typeof bootId !== "string" || typeof pid !== "number" || typeof startTicks !== "number") return null;
  return { bootId, pid, startTicks };
}

import type { CollectorContext } from "../../src/collectors/collector.ts";

/** Notes of a collector, kept in memory; as in the ledger, what comes back is a copy. */
export function notesInMemory(): Pick<CollectorContext, "recall" | "remember"> {
  const notes = new Map<string, string>();
  return {
    recall(key) {
      const note = notes.get(key);
      return note === undefined ? null : JSON.parse(note);
    },
    remember(key, value) {
      if (value === null) notes.delete(key);
      else notes.set(key, JSON.stringify(value));
    },
  };
}

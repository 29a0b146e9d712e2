import { join } from "node:path";
import { openLedger } from "../../src/ledger/sqlite.ts";
import { describeLedger } from "../contract/ledger.ts";
import { temporaryDirectory } from "../support/directory.ts";

describeLedger("in a file", (t) => {
  const ledger = openLedger(join(temporaryDirectory(t), "state", "ledger.sqlite"), { mode: "write" });
  t.after(() => ledger.close());
  return ledger;
});

describeLedger("in memory", (t) => {
  const ledger = openLedger(":memory:", { mode: "write" });
  t.after(() => ledger.close());
  return ledger;
});

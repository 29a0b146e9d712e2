import type { Importable } from "../../provision/import/importable.ts";
import { UsageError } from "../command.ts";

/** Where the id is in the addresses of Datadog's pages. */
const inAddress = {
  monitor: /\/monitors(?:\/|#)(\d+)/,
  dashboard: /\/(?:dashboard|dash\/integration)\/([a-z\d]{3}-[a-z\d]{3}-[a-z\d]{3})/,
} as const;

/**
 * The id that a person means, who has it from a page's address or has copied all of it.
 * @param site of the keys; undefined: any
 * @throws UsageError for what is neither, or for an address of another site
 */
export function remoteIdIn(
  { kind, remoteId, remoteIdWords }: Importable,
  written: string,
  site: string | undefined,
): string {
  if (remoteId.test(written)) return written;
  const address = URL.canParse(written) ? new URL(written) : null;
  const found = inAddress[kind].exec(written)?.[1];
  if (address === null || found === undefined) throw new UsageError(`--id ${written}: write ${remoteIdWords}`);
  if (site !== undefined && address.hostname !== site && !address.hostname.endsWith(`.${site}`))
    throw new UsageError(
      `--id ${written}: that is a page of ${address.hostname}, the keys are for ${site}\n  → provisioning.datadog.site in the configuration says which`,
    );
  return found;
}

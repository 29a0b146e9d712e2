import { datadogSites } from "../../model/datadog-site.ts";
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
  if (site !== undefined && siteOfPage(address.hostname) !== site)
    throw new UsageError(
      `--id ${written}: that is a page of ${address.hostname}, the keys are for ${site}\n  → provisioning.datadog.site in the configuration says which`,
    );
  return found;
}

/** Companies may have a name of their own before it; us3.datadoghq.com is a site, and no name before another one. */
function siteOfPage(host: string): string | undefined {
  return datadogSites
    .filter((site) => host === site || host.endsWith(`.${site}`))
    .reduce<string | undefined>((longest, site) => (site.length > (longest?.length ?? 0) ? site : longest), undefined);
}

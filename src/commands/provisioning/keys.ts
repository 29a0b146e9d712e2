import { closest } from "../../config/closest.ts";
import type { SecretReference } from "../../config/scalars.ts";
import { readSecret } from "../../config/secret.ts";
import type { ProvisioningSettings } from "../../config/sections/provisioning.ts";
import { type DatadogSite, datadogSites, defaultDatadogSite, isDatadogSite } from "../../model/datadog-site.ts";
import { StepError } from "../../model/run/outcome.ts";
import type { Invocation } from "../command.ts";

/**
 * Where the organisation is: what the configuration says, else `DD_SITE`, as Datadog's own programs take it, else where most are.
 * @throws StepError `config` for what is no site: whoever answers there would be given both keys
 */
export function siteOf(
  settings: ProvisioningSettings | undefined,
  { environment }: Pick<Invocation, "environment">,
): DatadogSite {
  const site = settings?.datadog.site ?? (environment["DD_SITE"] || defaultDatadogSite);
  if (isDatadogSite(site)) return site;
  const near = closest(site, datadogSites);
  const meant = near === null ? "" : `: did you mean ${near}?`;
  throw new StepError("config", `DD_SITE: ${JSON.stringify(site)} is no site of Datadog${meant}`, {
    advice: `it is one of ${datadogSites.join(", ")}; for one that is not known here: provisioning.datadog.url`,
  });
}

/** @throws StepError `auth` that names every key which is not there: who sets up the first one needs the second as well */
export function readKeys(
  settings: ProvisioningSettings | undefined,
  { environment: env }: Pick<Invocation, "environment">,
) {
  const sources = { env, credentialsDirectory: env["CREDENTIALS_DIRECTORY"] };
  const references = [
    settings?.datadog.api_key ?? { environment: "DD_API_KEY" },
    settings?.datadog.application_key ?? { environment: "DD_APP_KEY" },
  ] as const satisfies readonly SecretReference[];
  const missing = references.flatMap((reference) =>
    "environment" in reference && !env[reference.environment] ? [reference.environment] : [],
  );
  if (missing.length === 0)
    return { apiKey: readSecret(references[0], sources), applicationKey: readSecret(references[1], sources) };
  throw new StepError(
    "auth",
    `there ${missing.length === 1 ? "is no key" : "are no keys"} in ${missing.join(" and ")}`,
    {
      advice: `set ${missing.length === 1 ? "it" : "them"} where pantheros is started, or name files: provisioning.datadog.api_key and .application_key. Datadog has them in Organization Settings`,
    },
  );
}

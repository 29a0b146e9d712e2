import type { SecretReference } from "../../config/scalars.ts";
import { readSecret } from "../../config/secret.ts";
import type { ProvisioningSettings } from "../../config/sections/provisioning.ts";
import { StepError } from "../../model/outcome.ts";
import type { Invocation } from "../command.ts";

/** @throws StepError `auth` that names every key which is not there: who sets up the first one needs the second as well */
export function readKeys(settings: ProvisioningSettings | undefined, { environment: env }: Invocation) {
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

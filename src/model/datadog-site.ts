/**
 * Where organisations of Datadog live, https://docs.datadoghq.com/getting_started/site/ and the servers that its description of the API names,
 * November 2026.
 */
export const datadogSites = [
  "datadoghq.com",
  "us3.datadoghq.com",
  "us5.datadoghq.com",
  "datadoghq.eu",
  "uk1.datadoghq.com",
  "ap1.datadoghq.com",
  "ap2.datadoghq.com",
  "ddog-gov.com",
  "us2.ddog-gov.com",
] as const;

export type DatadogSite = (typeof datadogSites)[number];

/** Where Datadog's own programs look when nobody has said where. */
export const defaultDatadogSite: DatadogSite = "datadoghq.com";

export const isDatadogSite = (site: string): site is DatadogSite => datadogSites.some((known) => known === site);

/** Of the API; the pages are at `app.`. */
export const datadogUrl = (site: DatadogSite) => `https://api.${site}`;

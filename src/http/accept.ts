import type { PrometheusFormat } from "../outputs/prometheus.ts";

interface Offer {
  /** Lower case, without parameters: `text/plain`, `gzip`. */
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** From 0 (not this one) to 1. */
  readonly quality: number;
}

/** The members of an Accept or Accept-Encoding header (RFC 9110, 12.4.2). What cannot be read counts as not offered. */
function offersOf(header: string): readonly Offer[] {
  return header.split(",").map((member) => {
    const [name = "", ...rest] = member.split(";").map((part) => part.trim().toLowerCase());
    const parameters = new Map(rest.map((part) => [part.split("=")[0]?.trim() ?? "", unquoted(part)]));
    const quality = Number(parameters.get("q") ?? 1);
    return { name, parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 };
  });
}

function unquoted(parameter: string): string {
  return parameter
    .slice(parameter.indexOf("=") + 1)
    .trim()
    .replaceAll('"', "");
}

/**
 * The format that a scraper prefers. OpenMetrics only where it is asked for by name, in the version that we write; Prometheus' own text
 * for everybody else, also for those that accept neither: a person with a browser must see something.
 */
export function negotiateFormat(accept: string | undefined): PrometheusFormat {
  const offers = offersOf(accept ?? "*/*");
  const qualityOf = (name: string, version: string) =>
    Math.max(
      0,
      ...offers
        .filter((offer) => offer.name === name && (offer.parameters.get("version") ?? version) === version)
        .map((offer) => offer.quality),
    );
  const text = Math.max(qualityOf("text/plain", "0.0.4"), qualityOf("text/*", ""), qualityOf("*/*", ""));
  return qualityOf("application/openmetrics-text", "1.0.0") > text ? "openmetrics" : "text";
}

/** Whether gzip was asked for by name. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return offersOf(acceptEncoding ?? "").some((offer) => offer.name === "gzip" && offer.quality > 0);
}

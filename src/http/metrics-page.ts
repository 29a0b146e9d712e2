import { gzipSync } from "node:zlib";
import type { StateSnapshot } from "../model/samples/sample.ts";
import { type PrometheusFormat, renderPrometheus } from "../outputs/prometheus.ts";

/** The bytes of the page. @throws what `readState` throws */
export type MetricsPage = (format: PrometheusFormat, encoding: "identity" | "gzip") => Promise<Buffer>;

/**
 * The `/metrics` page, rendered at most once per second and version of the ledger, however many ask for it: its ages have a resolution of
 * one second, and nothing else changes without the ledger.
 * @param readState everything known now
 * @param version changes whenever the ledger was written; asked for at every call
 * @param now seconds since the epoch
 */
export function createMetricsPage(
  readState: () => StateSnapshot,
  version: () => number,
  now: () => number,
): MetricsPage {
  const cache = new Map<string, { readonly stamp: string; readonly body: Promise<Buffer> }>();

  function cached(key: string, stamp: string, render: () => Promise<Buffer>): Promise<Buffer> {
    const known = cache.get(key);
    if (known?.stamp === stamp) return known.body;
    const body = render();
    cache.set(key, { stamp, body });
    return body;
  }

  return async (format, encoding) => {
    const second = Math.floor(now());
    const stamp = `${second} ${version()}`;
    const plain = () =>
      cached(format, stamp, async () => Buffer.from(await renderPrometheus(readState(), format, second)));
    if (encoding === "identity") return plain();
    return cached(`${format} gzip`, stamp, async () => gzipSync(await plain(), { level: 4 }));
  };
}

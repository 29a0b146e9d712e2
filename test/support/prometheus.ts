import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { onPath } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./process.ts";

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/** Asks by PromQL, for now. @throws Error with what Prometheus says of a query that it does not accept */
export type Ask = (promql: string) => Promise<readonly Series[]>;

/** Starts a real Prometheus that scrapes pantheros every second; ended with the test. */
export async function startPrometheus(
  t: Pick<TestContext, "after">,
  targets: readonly string[],
  token?: string,
): Promise<Ask> {
  const directory = temporaryDirectory(t);
  const config = join(directory, "prometheus.yml");
  const job = {
    job_name: "pantheros",
    scrape_interval: "1s",
    honor_labels: true,
    ...(token === undefined ? {} : { authorization: { credentials: token } }),
    static_configs: [{ targets }],
  };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ scrape_configs: [job] }));
  const port = await freePort();
  await startProcess(
    t,
    [
      onPath("prometheus") ?? "prometheus",
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { ready: /Server is ready to receive web requests/ },
  );
  return async (promql) => {
    const body = new URLSearchParams({ query: promql });
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query`, { method: "POST", body });
    const { data, error } = (await response.json()) as { data?: { result: readonly Series[] }; error?: string };
    if (data === undefined) throw new Error(`${error}: ${promql}`);
    return data.result;
  };
}

import { createServer } from "node:http";
import type { TestContext } from "node:test";
import { listenOnLoopback } from "./loopback.ts";

/**
 * A bucket of any size that exists only in its listings: `data/00/…` to `data/ff/…`, as restic has it. Every fifth entry is an old version; the
 * sizes go from 0 to 999. It makes each page when it is asked for one, and so is as small as it is fast.
 */
export interface ListingServer {
  readonly endpoint: string;
  /** Names of the requests so far: `versions data/00/`. */
  readonly requests: readonly string[];
}

const folders = 256;
/** What is in the bucket, beyond doubt. */
export function contentOf(entries: number): {
  liveBytes: number;
  liveObjects: number;
  hiddenBytes: number;
  hiddenObjects: number;
} {
  let [liveBytes, liveObjects, hiddenBytes, hiddenObjects] = [0, 0, 0, 0];
  for (let n = 0; n < entries; n += 1) {
    if (n % 5 === 0) [hiddenBytes, hiddenObjects] = [hiddenBytes + (n % 1000), hiddenObjects + 1];
    else [liveBytes, liveObjects] = [liveBytes + (n % 1000), liveObjects + 1];
  }
  return { liveBytes, liveObjects, hiddenBytes, hiddenObjects };
}

/** @param entries in the whole bucket */
export async function startListingServer(t: Pick<TestContext, "after">, entries: number): Promise<ListingServer> {
  const perFolder = Math.ceil(entries / folders);
  const requests: string[] = [];
  const keyOf = (n: number) => `data/${hex(Math.floor(n / perFolder))}/${String(n).padStart(56, "0")}`;
  /** Entries whose names begin with a prefix are those between two numbers. */
  const range = (prefix: string): [number, number] => {
    if ("data/".startsWith(prefix)) return [0, entries];
    const folder = Number.parseInt(/^data\/([0-9a-f]{2})\/$/.exec(prefix)?.[1] ?? "", 16);
    return Number.isNaN(folder) ? [0, 0] : [folder * perFolder, Math.min(entries, (folder + 1) * perFolder)];
  };
  const server = createServer((request, response) => {
    if (request.method === "HEAD") return void response.writeHead(404).end();
    const { searchParams } = new URL(request.url ?? "/", "http://localhost");
    const prefix = searchParams.get("prefix") ?? "";
    const listing = searchParams.has("uploads") ? "uploads" : searchParams.has("versions") ? "versions" : "objects";
    requests.push(`${listing} ${prefix}${searchParams.get("delimiter") ?? ""}`);
    const [first, end] = range(prefix);
    const delimited = searchParams.get("delimiter") === "/" && !/^data\/..\/$/.test(prefix);
    const body =
      listing === "uploads"
        ? "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"
        : delimited
          ? foldersPage(prefix, first, end)
          : versionsPage(prefix, first, end, searchParams.get("key-marker"));
    response.writeHead(200, { "content-type": "application/xml" }).end(body);
  });

  function foldersPage(prefix: string, first: number, end: number): string {
    const names =
      prefix === "data/"
        ? Array.from({ length: Math.ceil((end - first) / perFolder) }, (_, n) => `data/${hex(n)}/`)
        : ["data/"];
    const found = first === end ? [] : names.map((name) => `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`);
    return `${head(prefix)}<IsTruncated>false</IsTruncated>${found.join("")}</ListVersionsResult>`;
  }

  function versionsPage(prefix: string, first: number, end: number, marker: string | null): string {
    const from = marker ? Number(marker.slice(-56)) + 1 : first;
    const until = Math.min(end, from + 1000);
    let text = head(prefix);
    text += `<IsTruncated>${until < end}</IsTruncated>`;
    if (until < end)
      text += `<NextKeyMarker>${keyOf(until - 1)}</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>`;
    for (let n = from; n < until; n += 1) {
      text += `<Version><Key>${keyOf(n)}</Key><VersionId>4_z1f42c7d7d9a6d7fd_f10_d20261121_m010203_c004</VersionId><IsLatest>${n % 5 !== 0}</IsLatest><LastModified>2026-11-21T01:02:03.000Z</LastModified><ETag>&quot;c20ad4d76fe97759aa27a0c99bff6710&quot;</ETag><Size>${n % 1000}</Size><StorageClass>STANDARD</StorageClass><Owner><ID>1f42c7d7d9a6</ID><DisplayName></DisplayName></Owner></Version>`;
    }
    return `${text}</ListVersionsResult>`;
  }

  return { endpoint: `http://127.0.0.1:${await listenOnLoopback(t, server)}`, requests };
}

const head = (prefix: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>bucket</Name><Prefix>${prefix}</Prefix><EncodingType>url</EncodingType><MaxKeys>1000</MaxKeys>`;
const hex = (n: number) => n.toString(16).padStart(2, "0");

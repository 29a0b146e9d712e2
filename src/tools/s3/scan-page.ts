import { StepError } from "../../model/run/outcome.ts";
import type { S3, S3Place } from "./interface.ts";
import { type Fields, type ListedPage, readPage } from "./page.ts";
import type { Marker } from "./paging.ts";
import type { Counts, PageCount, ScanProgress, ScanUnit } from "./scan-progress.ts";

/** What pages are asked for with. */
export interface PageSource {
  readonly s3: Pick<S3, "listingPage">;
  readonly place: Pick<S3Place, "bucket" | "signal">;
  /** Asked before each page; what it throws ends this look, and what was counted stays. */
  readonly mayGoOn: () => void;
}

/** No provider takes an object of more: 50 TB at Amazon, 10 TB at Backblaze (2026-11). */
const largestObject = 2 ** 50;
const [live, hidden, unfinished] = [0, 2, 4] as const;
type Field = typeof live | typeof hidden | typeof unfinished;
type Listed = { readonly place: PageSource["place"] & { readonly prefix: string } };

/** Asks for the page at which a unit stands, and counts it. Where versions or uploads are refused, the scan goes on without them. */
export async function countPage(
  settings: PageSource,
  progress: ScanProgress,
  unit: ScanUnit,
  delimiter?: string,
): Promise<PageCount> {
  const { counts, add, partOf } = counterFor(progress.parts, unit.prefix);
  let entries = 0;
  const place = { ...settings.place, prefix: unit.prefix };
  const where = `bucket ${place.bucket}`;
  const ask = { ...unit.marker, ...(delimiter === undefined ? {} : { Delimiter: delimiter }) };

  if (unit.kind === "uploads") {
    const page = await uploadsPage(settings, progress, place, ask);
    for (const { key, uploadId } of page.uploads) {
      entries += 1;
      add(partOf(key), unfinished, await partBytes(settings, place, key, uploadId));
    }
    return { counts, entries, next: page.next, last: null, folders: null };
  }

  const ends: string[] = [];
  let decoded = (text: string) => text;
  const page = await namesPage(settings, progress, unit, { place }, ask, (bytes, kind) =>
    readPage(bytes, kind, (entry, fields, decode) => {
      entries += 1;
      const written = fields("Key") ?? "";
      ends[entries === 1 ? 0 : 1] = written;
      decoded = decode;
      if (entry === "DeleteMarker") return;
      const state = kind === "objects" || fields("IsLatest") === "true" ? live : hidden;
      add(partOf(written, decode), state, sizeOf(fields, where));
    }),
  );
  // What a server that does not heed the prefix holds would be counted once for each of them.
  if (!ends.every((name) => decoded(name).startsWith(unit.prefix))) {
    throw new StepError("unknown", `${where}: the listing of ${unit.prefix} holds other names`, {
      advice: "the server does not heed the prefix: report it to the provider",
    });
  }
  const last = ends.at(-1);
  return {
    ...{ counts, entries, next: page.next, last: last === undefined ? null : decoded(last) },
    folders: delimiter === undefined ? null : page.folders,
  };
}

/** Counts by part; a unit that lies in one part as a whole does not look at its names. */
function counterFor(parts: readonly string[], prefix: string) {
  const counts: Counts[] = Array.from({ length: parts.length + 1 }, () => [0, 0, 0, 0, 0, 0]);
  const ordered = parts.map((part, index) => ({ part, index })).sort((a, b) => b.part.length - a.part.length);
  const within = ordered.filter(({ part }) => part.startsWith(prefix) && part !== prefix);
  const find = (name: string) => ordered.find(({ part }) => name.startsWith(part))?.index ?? parts.length;
  const whole = find(prefix);
  return {
    counts,
    partOf: (name: string, decode = (text: string) => text) => (within.length === 0 ? whole : find(decode(name))),
    add: (part: number, field: Field, bytes: number) => {
      const sums = counts[part];
      if (!sums) return;
      sums[field] += bytes;
      sums[field + 1] = (sums[field + 1] ?? 0) + 1;
    },
  };
}

async function namesPage(
  settings: PageSource,
  progress: ScanProgress,
  unit: ScanUnit,
  { place }: Listed,
  ask: Readonly<Record<string, string | number>>,
  read: (page: Buffer, kind: "versions" | "objects") => ListedPage,
): Promise<ListedPage> {
  const list = (kind: "versions" | "objects") => {
    settings.mayGoOn();
    return settings.s3.listingPage(place, kind, ask, (page) => read(page, kind));
  };
  if (!progress.versionsRefused) {
    try {
      return await list("versions");
    } catch (error) {
      const isFirst = unit.marker === null && progress.counts.every(([, live, , hidden]) => live + hidden === 0);
      if (!isRefused(error) || !isFirst) throw error;
      // A key that may not list at all is refused here as well, and that is the failure then.
      const page = await list("objects");
      progress.versionsRefused = true;
      return page;
    }
  }
  return list("objects");
}

interface UploadsPage extends Pick<ListedPage, "next"> {
  readonly uploads: readonly { readonly key: string; readonly uploadId: string }[];
}

/** Few at a time: each of them costs a call of its own, and the position is kept page by page. */
const uploadsAtOnce = 50;

async function uploadsPage(
  { s3, mayGoOn }: PageSource,
  progress: ScanProgress,
  place: Listed["place"],
  ask: Readonly<Record<string, string | number>>,
): Promise<UploadsPage> {
  mayGoOn();
  const uploads: { key: string; uploadId: string }[] = [];
  try {
    const { next } = await s3.listingPage(place, "uploads", { ...ask, MaxUploads: uploadsAtOnce }, (page) =>
      readPage(page, "uploads", (_, fields, decode) => {
        uploads.push({ key: decode(fields("Key") ?? ""), uploadId: fields("UploadId") ?? "" });
      }),
    );
    return { uploads, next };
  } catch (error) {
    if (!isRefused(error)) throw error;
    progress.uploadsRefused = true;
    return { uploads: [], next: null };
  }
}

async function partBytes(
  { s3, mayGoOn }: PageSource,
  place: Listed["place"],
  key: string,
  uploadId: string,
): Promise<number> {
  let bytes = 0;
  let marker: Marker | null = {};
  try {
    // An upload has 10 000 parts at most, and a page 1 000.
    for (let pages = 0; marker !== null && pages < 11; pages += 1) {
      mayGoOn();
      const ask = { Key: key, UploadId: uploadId, ...marker };
      const page: ListedPage = await s3.listingPage(place, "parts", ask, (read) =>
        readPage(read, "parts", (_, fields) => {
          bytes += sizeOf(fields, `upload of ${key}`);
        }),
      );
      marker = page.next;
    }
  } catch (error) {
    // Completed or aborted while we looked: it is unfinished no more.
    if (error instanceof StepError && error.reason === "source") return 0;
    throw error;
  }
  if (marker === null) return bytes;
  throw new StepError("unknown", `bucket ${place.bucket}: the parts of the upload of ${key} do not end`, {
    advice: "its paging does not work: report it to the provider",
  });
}

function sizeOf(fields: Fields, where: string): number {
  const written = fields("Size") ?? "";
  const size = /^\d{1,16}$/.test(written) ? Number(written) : Number.NaN;
  if (size <= largestObject) return size;
  throw new StepError("unknown", `${where}: the server says that an object has ${JSON.stringify(written)} bytes`, {
    advice: "no object has so many: report it to the provider",
  });
}

/** Refused for want of a right (403), or because the server has no such listing (501 and the like). */
function isRefused(error: unknown): boolean {
  if (!(error instanceof StepError)) return false;
  const status = (error.details.cause as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
  return error.reason === "auth" || status === 405 || status === 501;
}

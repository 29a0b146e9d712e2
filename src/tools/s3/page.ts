import { StepError } from "../../model/run/outcome.ts";
import type { S3Listing } from "./interface.ts";
import { type Marker, nextPage } from "./paging.ts";

/** The fields of one entry of a page; text as the server wrote it, null where it says nothing. */
export type Fields = (name: string) => string | null;

export interface ListedPage {
  /** Names up to the next delimiter, where one was asked for. */
  readonly folders: readonly string[];
  /** Null: this is the last page. */
  readonly next: Marker | null;
}

interface Form {
  /** Amazon says `Result`; other servers are not so exact (moto 5.2: `ListPartsResponse`). */
  readonly root: RegExp;
  readonly entries: readonly string[];
  /** What the next page is asked for with, and where the page says it. */
  readonly markers: Readonly<Record<string, string>>;
}

const forms: Readonly<Record<S3Listing, Form>> = {
  versions: {
    root: /^List(?:Object)?Versions(?:Result|Output|Response)$/,
    entries: ["Version", "DeleteMarker"],
    markers: { KeyMarker: "NextKeyMarker", VersionIdMarker: "NextVersionIdMarker" },
  },
  objects: {
    root: /^List(?:Bucket|ObjectsV2)(?:Result|Output|Response)$/,
    entries: ["Contents"],
    markers: { ContinuationToken: "NextContinuationToken" },
  },
  uploads: {
    root: /^ListMultipartUploads(?:Result|Output|Response)$/,
    entries: ["Upload"],
    markers: { KeyMarker: "NextKeyMarker", UploadIdMarker: "NextUploadIdMarker" },
  },
  parts: {
    root: /^ListParts(?:Result|Output|Response)$/,
    entries: ["Part"],
    markers: { PartNumberMarker: "NextPartNumberMarker" },
  },
};

/**
 * Reads one page of a listing and shows each of its entries, without keeping any. It is never one string: half a megabyte of text for each page
 * would be collected late, where an entry is forgotten at once.
 * @throws StepError `network` when the page was cut off, `unknown` when it is no listing, or does not say where it goes on
 */
export function readPage(
  page: Buffer,
  listing: S3Listing,
  visit: (entry: string, fields: Fields, decode: (text: string) => string) => void,
): ListedPage {
  const { root, entries, markers } = forms[listing];
  const name = /^\s*(?:<\?[^>]*>\s*)?<(\w+)/.exec(page.toString("utf8", 0, 1000))?.[1] ?? "";
  const begin = root.test(name) ? elementAt(page, name, 0) : null;
  if (begin === null) throw new StepError("unknown", "the answer is no listing", { advice: "see what answers there" });
  if (!endsWith(page, `</${name}>`) && !begin.empty) {
    throw new StepError("network", "the listing was cut off in the middle of a page", { advice: "try again" });
  }
  const head = (name: string) => fieldOf(page, name);
  const decode = head("EncodingType")?.toLowerCase() === "url" ? decodeUrl : decodeEntities;
  for (const entry of entries) {
    each(page, entry, begin.content, (content) => visit(entry, (name) => fieldIn(content, name), decode));
  }
  const folders: string[] = [];
  each(page, "CommonPrefixes", begin.content, (content) => {
    const folder = fieldIn(content, "Prefix");
    if (folder !== null) folders.push(decode(folder));
  });
  const said = Object.entries(markers).map(([asked, name]) => {
    const marker = head(name);
    const isName = asked === "KeyMarker";
    return [asked, marker === null ? undefined : isName ? decode(marker) : decodeEntities(marker)] as const;
  });
  const next = nextPage(head("IsTruncated") === "true", Object.fromEntries(said));
  if (next !== undefined) return { folders, next };
  throw new StepError("unknown", "the listing says that there is more, but not where", {
    advice: "its paging does not work: report it to the provider",
  });
}

/** Shows the content of each element of a name. */
function each(page: Buffer, name: string, start: number, visit: (content: string) => void): void {
  const end = `</${name}>`;
  for (let at = start; ; ) {
    const element = elementAt(page, name, at);
    if (element === null) return;
    const until = element.empty ? element.content : page.indexOf(end, element.content);
    if (until === -1)
      throw new StepError("network", "the listing was cut off in the middle of an entry", {
        advice: "try again; if it stays so, see what stands between this host and the server: a proxy, a lossy line",
      });
    visit(page.toString("utf8", element.content, until));
    at = until + 1;
  }
}

/** The next element of exactly this name: `<Version>` is not `<VersionId>`. */
function elementAt(page: Buffer, name: string, start: number): { content: number; empty: boolean } | null {
  const begin = `<${name}`;
  for (let at = page.indexOf(begin, start); at !== -1; at = page.indexOf(begin, at + 1)) {
    const after = page[at + begin.length] ?? 0;
    if (after === byte(">")) return { content: at + begin.length + 1, empty: false };
    if (after > byte(" ") && after !== byte("/")) continue;
    const end = page.indexOf(">", at);
    return end === -1 ? null : { content: end + 1, empty: page[end - 1] === byte("/") };
  }
  return null;
}

const byte = (character: string) => character.charCodeAt(0);

/** White space behind it does not count. */
function endsWith(page: Buffer, text: string): boolean {
  let end = page.length;
  while (end > 0 && (page[end - 1] ?? 0) <= byte(" ")) end -= 1;
  return page.toString("utf8", Math.max(0, end - text.length), end) === text;
}

/** As `fieldIn`, of the whole page. */
function fieldOf(page: Buffer, name: string): string | null {
  const at = page.indexOf(`<${name}>`);
  if (at === -1) return null;
  const end = page.indexOf("</", at);
  return end === -1 ? null : page.toString("utf8", at + name.length + 2, end);
}

function fieldIn(text: string, name: string): string | null {
  const at = text.indexOf(`<${name}>`);
  if (at === -1) return null;
  const start = at + name.length + 2;
  const end = text.indexOf("</", start);
  return end === -1 ? null : text.slice(start, end);
}

/** Names in `EncodingType=url`: a space may be `+`. @throws StepError `unknown` when it stands for bytes that are no UTF-8 */
function decodeUrl(text: string): string {
  if (!/[%+&]/.test(text)) return text;
  try {
    return decodeURIComponent(decodeEntities(text).replaceAll("+", " "));
  } catch (cause) {
    throw new StepError("unknown", `the listing holds a name that is not UTF-8: ${text.slice(0, 200)}`, {
      cause,
      advice: "the listing cannot go on behind such a name: report it to the provider",
    });
  }
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return entities[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import type { S3Listing } from "../../../src/tools/s3/interface.ts";
import { createS3 } from "../../../src/tools/s3/s3.ts";
import { type ScanResult, scanBucket } from "../../../src/tools/s3/scan.ts";
import { readProgress, type ScanProgress, totalsOf } from "../../../src/tools/s3/scan-progress.ts";
import { contentOf, startListingServer } from "../../support/listing-server.ts";

type Answer = (listing: S3Listing, ask: Readonly<Record<string, string | number>>, prefix: string) => string;

const none = "<ListMultipartUploadsResult></ListMultipartUploadsResult>";
const page = (inside: string, next?: string) =>
  `<ListVersionsResult><IsTruncated>${next !== undefined}</IsTruncated>${next === undefined ? "" : `<NextKeyMarker>${next}</NextKeyMarker>`}${inside}</ListVersionsResult>`;
const version = (key: string, size: number | string, isLatest = true) =>
  `<Version><Key>${key}</Key><IsLatest>${isLatest}</IsLatest><Size>${size}</Size></Version>`;

interface Given {
  readonly parts?: readonly string[];
  readonly scope?: readonly string[];
  readonly resume?: ScanProgress | null;
  readonly save?: (progress: ScanProgress) => void;
  readonly mayGoOn?: () => void;
}

function scan(answer: Answer, given: Given = {}): Promise<ScanResult> {
  const s3 = {
    listingPage: async <Read>(
      { prefix = "" }: { prefix?: string },
      listing: S3Listing,
      ask: Readonly<Record<string, string | number>>,
      read: (page: Buffer) => Read,
    ) => {
      return read(Buffer.from(answer(listing, ask, prefix)));
    },
  };
  const nothing = () => undefined;
  return scanBucket({
    ...{ s3, place: { bucket: "b" }, now: 1000, scope: [""], parts: [], resume: null, save: nothing, mayGoOn: nothing },
    ...given,
  });
}
const onlyNames = (names: (ask: Readonly<Record<string, string | number>>) => string): Answer => {
  return (listing, ask) => (listing === "uploads" ? none : names(ask));
};

async function generated(t: TestContext, entries: number) {
  const server = await startListingServer(t, entries);
  const secret = new Secret("x", "a test");
  const s3 = createS3({ endpoint: server.endpoint, region: "r", accessKeyId: secret, secretAccessKey: secret });
  t.after(() => s3.close());
  const settings = { s3, place: { bucket: "b" }, now: 1000, scope: [""], parts: [] as readonly string[], resume: null };
  return { server, settings: { ...settings, save: () => undefined, mayGoOn: () => undefined } };
}

describe("a scan", () => {
  it("counts what is live, hidden and unfinished, delete markers not at all", async () => {
    const { progress, failure } = await scan((listing, ask) => {
      if (listing === "parts") {
        return ask["PartNumberMarker"] === undefined
          ? "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker><Part><Size>5</Size></Part></ListPartsResult>"
          : "<ListPartsResult><Part><Size>6</Size></Part></ListPartsResult>";
      }
      if (listing === "uploads") {
        return "<ListMultipartUploadsResult><Upload><Key>u</Key><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>";
      }
      return page(
        `${version("a", 10)}${version("a", 3, false)}<DeleteMarker><Key>b</Key><IsLatest>true</IsLatest></DeleteMarker>`,
      );
    });
    assert.equal(failure, null);
    assert.deepEqual(totalsOf(progress), {
      ...{ liveBytes: 10, liveObjects: 1, hiddenBytes: 3, hiddenObjects: 1 },
      ...{ unfinishedBytes: 11, unfinishedUploads: 1 },
    });
  });

  it("counts each name for the longest prefix that it begins with", async () => {
    const content = page(
      version("x", 1) + version("home/a", 10) + version("home/db-1/a", 100) + version("homework", 1000),
    );
    const { progress } = await scan(
      onlyNames(() => content),
      { parts: ["home/", "home/db-"] },
    );
    const live = [0, 1, undefined].map((part) => totalsOf(progress, part).liveBytes);
    assert.deepEqual(live, [10, 100, 1111]);
  });

  for (const entries of [1000, 130_000]) {
    it(`of a bucket of ${entries} sees each entry once`, async (t) => {
      const { settings } = await generated(t, entries);
      const { progress, failure } = await scanBucket({ ...settings, parts: ["data/0", "data/ff/"] });
      assert.equal(failure, null);
      assert.deepEqual(
        { ...totalsOf(progress), unfinishedBytes: null, unfinishedUploads: null },
        {
          ...{ ...contentOf(entries), unfinishedBytes: null, unfinishedUploads: null },
        },
      );
    });
  }

  it("of a million versions is divided by folders, and keeps little to go on from", async (t) => {
    const { server, settings } = await generated(t, 1_000_000);
    let longest = 0;
    let most = 0;
    const save = (progress: ScanProgress) => {
      most = Math.max(most, progress.pending.length);
      if (server.requests.length % 50 === 0) longest = Math.max(longest, JSON.stringify(progress).length);
    };
    const { progress, failure } = await scanBucket({ ...settings, save });
    assert.equal(failure, null);
    assert.equal(progress.entries, 1_000_000);
    assert.deepEqual(totalsOf(progress).hiddenBytes, contentOf(1_000_000).hiddenBytes);
    assert.ok(most > 200 && longest < 100_000, `${most} ${longest}`);
    assert.ok(server.requests.length < 1100, `${server.requests.length} requests`);
  });

  it("of small folders lists them together: a page for each would cost more", async (t) => {
    const { server, settings } = await generated(t, 20_000);
    await scanBucket(settings);
    assert.ok(server.requests.length < 30, `${server.requests.length}`);
  });

  it("that is cut short anywhere goes on from there, and sees what it would have seen", async (t) => {
    const { settings } = await generated(t, 300_000);
    let resume: ScanProgress | null = null;
    let looks = 0;
    for (let whole = false; !whole; looks += 1) {
      assert.ok(looks < 30);
      let pages = 0;
      const mayGoOn = () => {
        pages += 1;
        if (pages > 20 + looks) throw new StepError("throttled", "enough");
      };
      // As it was kept before it was killed: what came later is lost.
      let kept = "";
      const save = (progress: ScanProgress) => {
        kept = JSON.stringify(progress);
      };
      const { progress, failure } = await scanBucket({ ...settings, resume, mayGoOn, save });
      whole = failure === null;
      resume = whole ? progress : readProgress(JSON.parse(kept), { scope: [""], parts: [] });
    }
    assert.ok(looks > 3);
    assert.ok(resume);
    assert.equal(resume.entries, 300_000);
    assert.equal(totalsOf(resume).liveBytes, contentOf(300_000).liveBytes);
  });

  it("begins anew when it is another version's, or something else is asked", () => {
    const asked = { scope: [""], parts: ["a/"] };
    const good = {
      version: 1,
      startedAt: 1,
      ...asked,
      pending: [],
      done: 0,
      entries: 0,
      counts: [
        [0, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
      ],
    };
    assert.ok(readProgress(good, asked));
    for (const spoilt of [
      ...[null, 7, "x", [], {}, { ...good, version: 2 }, { ...good, parts: [] }, { ...good, counts: [] }],
      ...[
        {
          ...good,
          counts: [
            [0, 0, 0, 0, 0, -1],
            [0, 0, 0, 0, 0, 0],
          ],
        },
        { ...good, pending: [null] },
      ],
      { ...good, pending: [{ kind: "names" }] },
    ]) {
      assert.equal(readProgress(spoilt, asked), null);
    }
  });
});

describe("a scan is not whole, and says why,", () => {
  const cases: readonly [string, Answer, string, RegExp][] = [
    ["when the pages lead in a circle", circle(), "unknown", /in a circle/],
    ["when the same page comes again and again", onlyNames(() => page(version("a", 1), "a")), "unknown", /in a circle/],
    ["when a size is negative", onlyNames(() => page(version("a", -5))), "unknown", /"-5" bytes/],
    ["when a size is absurd", onlyNames(() => page(version("a", "9007199254740993"))), "unknown", /900719925/],
    ["when a size is no number", onlyNames(() => page(version("a", "NaN"))), "unknown", /"NaN" bytes/],
    ["when a size is missing", onlyNames(() => page("<Version><Key>a</Key></Version>")), "unknown", /"" bytes/],
    ["when a page is cut off", onlyNames(() => page(version("a", 1)).slice(0, -5)), "network", /cut off/],
    [
      "when a name is no UTF-8",
      onlyNames(() => page(`<EncodingType>url</EncodingType>${version("%ff", 1)}`)),
      "unknown",
      /UTF-8/,
    ],
  ];
  for (const [when, answer, reason, message] of cases) {
    it(when, async () => {
      const { progress, failure } = await scan(answer, { parts: ["a/x"] });
      assert.equal(failure?.reason, reason);
      assert.match(failure?.message ?? "", message);
      assert.notEqual(progress.pending.length, 0);
    });
  }

  it("when the server does not heed the prefix", async () => {
    const answer = onlyNames(() => page(version("other/a", 1)));
    const { failure } = await scan(answer, { scope: ["home/"] });
    assert.match(failure?.message ?? "", /holds other names/);
  });

  it("when a request fails: what was counted before stays", async () => {
    const answer = onlyNames(({ KeyMarker, Delimiter }) => {
      if (Delimiter !== undefined) return page("");
      if (KeyMarker === "b") throw new StepError("throttled", "503 SlowDown");
      return KeyMarker === undefined ? page(version("a", 1), "a") : page(version("b", 1), "b");
    });
    const { progress, failure } = await scan(answer);
    assert.equal(failure?.reason, "throttled");
    assert.equal(totalsOf(progress).liveBytes, 2);
    assert.deepEqual(
      progress.pending.map(({ marker }) => marker),
      [{ KeyMarker: "b" }],
    );
  });

  it("when parts of an upload never end", async () => {
    const { failure } = await scan((listing) => {
      if (listing === "versions") return page("");
      if (listing === "uploads") {
        return "<ListMultipartUploadsResult><Upload><Key>u</Key><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>";
      }
      return "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker></ListPartsResult>";
    });
    assert.match(failure?.message ?? "", /do not end/);
  });
});

describe("a key that may not see everything", () => {
  const denied = () => {
    throw new StepError("auth", "the server answered 403 AccessDenied");
  };

  it("leaves old versions and unfinished uploads unknown, not 0", async () => {
    const { progress, failure } = await scan((listing) => {
      if (listing !== "objects") return denied();
      return "<ListBucketResult><Contents><Key>a</Key><Size>7</Size></Contents></ListBucketResult>";
    });
    assert.equal(failure, null);
    assert.deepEqual(totalsOf(progress), {
      ...{ liveBytes: 7, liveObjects: 1, hiddenBytes: null, hiddenObjects: null },
      ...{ unfinishedBytes: null, unfinishedUploads: null },
    });
  });

  it("that may list nothing at all is a failure", async () => {
    const { progress, failure } = await scan(denied);
    assert.equal(failure?.reason, "auth");
    assert.equal(progress.versionsRefused, false);
  });
});

function circle(): Answer {
  let n = 0;
  return onlyNames(({ Delimiter }) => {
    if (Delimiter !== undefined) return page("");
    n += 1;
    return page(version(`k${n % 7}`, 1), `k${n % 7}`);
  });
}

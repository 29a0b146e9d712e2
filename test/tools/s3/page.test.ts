import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readPage } from "../../../src/tools/s3/page.ts";

const versions = (inside: string) =>
  `<?xml version="1.0"?>\n<ListVersionsResult xmlns="x">${inside}</ListVersionsResult>\n`;
const names = (text: string): string[] => {
  const found: string[] = [];
  readPage(Buffer.from(text), "versions", (_, fields, decode) => found.push(decode(fields("Key") ?? "")));
  return found;
};

describe("a page of a listing", () => {
  it("shows versions and delete markers, folders, and where it goes on", () => {
    const text = versions(
      "<IsTruncated>true</IsTruncated><NextKeyMarker>b&amp;c</NextKeyMarker><NextVersionIdMarker>v2</NextVersionIdMarker>" +
        "<Version><Key>a</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest><Size>7</Size></Version>" +
        "<DeleteMarker><Key>b&amp;c</Key><VersionId>v2</VersionId></DeleteMarker>" +
        "<CommonPrefixes><Prefix>folder/</Prefix></CommonPrefixes>",
    );
    const seen: unknown[] = [];
    const page = readPage(Buffer.from(text), "versions", (entry, fields) =>
      seen.push([entry, fields("Key"), fields("Size")]),
    );
    assert.deepEqual(seen, [
      ["Version", "a", "7"],
      ["DeleteMarker", "b&amp;c", null],
    ]);
    assert.deepEqual(page, { folders: ["folder/"], next: { KeyMarker: "b&c", VersionIdMarker: "v2" } });
  });

  it("is empty, and the last one", () => {
    assert.deepEqual(
      readPage(Buffer.from("<ListVersionsResult/>"), "versions", () => assert.fail()),
      { folders: [], next: null },
    );
  });

  it("gives back names of any characters", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "binary", minLength: 1 }).filter((name) => name.isWellFormed())),
        (keys) => {
          const entries = keys.map(
            (key) => `<Version><Key>${encodeURIComponent(key).replaceAll("%20", "+")}</Key></Version>`,
          );
          assert.deepEqual(names(versions(`<EncodingType>url</EncodingType>${entries.join("")}`)), keys);
        },
      ),
    );
  });

  it("reads names as they are where the server does not encode them", () => {
    assert.deepEqual(names(versions("<Version><Key>a+b%41&lt;&#x4e2d;&#10;</Key></Version>")), ["a+b%41<中\n"]);
  });

  for (const [what, text, reason] of [
    ["cut off between two entries", versions("<Version><Key>a</Key></Version>").slice(0, -25), "network"],
    ["cut off within an entry", versions("<Version><Key>a</Ke"), "network"],
    ["that is a web page", "<html><body>Welcome</body></html>", "unknown"],
    ["that is nothing", "", "unknown"],
    [
      "with a name that is no UTF-8",
      versions("<EncodingType>url</EncodingType><Version><Key>%ff</Key></Version>"),
      "unknown",
    ],
    ["that goes on, but does not say where", versions("<IsTruncated>true</IsTruncated>"), "unknown"],
  ] as const) {
    it(`${what} is refused as ${reason}`, () => {
      assert.throws(() => names(text), { reason });
    });
  }

  it("never reads half of a page without saying so", () => {
    const text = versions(
      "<IsTruncated>false</IsTruncated><Version><Key>a</Key><Size>1</Size></Version><Version><Key>b</Key><Size>2</Size></Version>",
    ).trimEnd();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length - 1 }), (end) => {
        assert.throws(() => names(text.slice(0, end)), { name: "StepError" });
      }),
    );
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { acceptsGzip, negotiateFormat } from "../../src/http/accept.ts";

describe("the format of the page", () => {
  for (const [who, accept, format] of [
    ["nobody in particular", undefined, "text"],
    ["curl", "*/*", "text"],
    ["a browser", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text"],
    [
      "Prometheus 2.42",
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      "openmetrics",
    ],
    [
      "Prometheus 3",
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
      "openmetrics",
    ],
    ["one that prefers text", "application/openmetrics-text;q=0.4, text/plain;q=0.5", "text"],
    ["one that takes both alike", "application/openmetrics-text, text/plain", "text"],
    ["one that refuses OpenMetrics", "application/openmetrics-text;q=0, text/plain;q=0.1", "text"],
    ["one that knows an older OpenMetrics only", "application/openmetrics-text; version=0.0.1", "text"],
    ["one that writes loosely", 'Application/OpenMetrics-Text ; Version = "1.0.0" ; Q=1', "openmetrics"],
    ["one that takes neither", "application/json", "text"],
    ["one that writes nonsense", ";;=,q=,,text/plain;q=many", "text"],
  ] as const) {
    it(`for ${who} is ${format}`, () => assert.equal(negotiateFormat(accept), format));
  }

  it("is found for any header", () => {
    fc.assert(fc.property(fc.string(), (accept) => ["text", "openmetrics"].includes(negotiateFormat(accept))));
  });
});

describe("gzip", () => {
  for (const [header, accepted] of [
    [undefined, false],
    ["", false],
    ["gzip", true],
    ["deflate, GZIP;q=0.5", true],
    ["gzip;q=0", false],
    ["gzip;q=0.0, identity", false],
    ["br, *", false],
  ] as const) {
    it(`is ${accepted ? "" : "not "}used for ${header}`, () => assert.equal(acceptsGzip(header), accepted));
  }
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { historyOf, ownTags } from "../../../src/tools/restic/history.ts";

describe("the history of a snapshot", () => {
  it("is the same for every run of a job on a source, whatever path it was read from and in whatever order restic lists the tags", () => {
    const tags = ownTags("nightly", ["/home"]);
    assert.equal(
      historyOf("web1", tags, ["/.snapshots/home.20261120T000000Z"]),
      historyOf("web1", tags.toReversed(), ["/.snapshots/home.20261121T000000Z"]),
    );
  });

  it("is another one for another host, job or source", () => {
    const histories = [
      historyOf("web1", ownTags("nightly", ["/home"]), []),
      historyOf("web2", ownTags("nightly", ["/home"]), []),
      historyOf("web1", ownTags("hourly", ["/home"]), []),
      historyOf("web1", ownTags("nightly", ["/srv"]), []),
      historyOf("web1", ownTags("nightly", ["/home", "/srv"]), []),
    ];
    assert.equal(new Set(histories).size, histories.length);
  });

  it("of others' snapshots is told by their paths", () => {
    assert.notEqual(historyOf("web1", [], ["/etc"]), historyOf("web1", [], ["/srv"]));
  });

  it("is written in tags without a comma, and different paths stay different", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        const [, , a] = ownTags("j", [one]);
        const [, , b] = ownTags("j", [other]);
        assert.ok(!a?.includes(","));
        assert.equal(a === b, one === other);
      }),
    );
  });
});

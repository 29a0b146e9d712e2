import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hubSync } from "../../src/runners/hub-sync.ts";

describe("the options of hub.sync", () => {
  const accepts = (options: object) => hubSync.options.safeParse(options).success;

  it("name both repositories for restic, folder and destination for rclone", () => {
    assert.ok(accepts({ method: "restic", repository: "hub", into: "peer" }));
    assert.ok(accepts({ method: "rclone", hub: "/srv/hub", to: "cloud" }));
    assert.ok(!accepts({ method: "restic", repository: "hub" }));
    assert.ok(!accepts({ method: "restic", repository: "hub", into: "hub" }));
    assert.ok(!accepts({ method: "rclone", hub: "/srv/hub" }));
    assert.ok(!accepts({ method: "rclone", hub: "srv/hub", to: "cloud" }));
  });

  it("say where the copies are", () => {
    const target = (options: object) => hubSync.target(hubSync.options.parse(options));
    assert.equal(target({ method: "restic", repository: "hub", into: "peer" }), "peer");
    assert.equal(target({ method: "rclone", hub: "/srv/hub", to: "cloud" }), "cloud");
  });
});

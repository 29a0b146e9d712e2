import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import { openListing } from "../../../src/tools/destinations/open-listing.ts";
import { parseListing } from "../../../src/tools/rest-hub/listing.ts";
import type { PlacedRepository } from "../../../src/tools/restic/repository.ts";
import type { RepositoryListing } from "../../../src/tools/restic/repository-listing.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { refusingEndpoint, startBlackHole, startResetting, startUntrusted } from "../../support/hostile-server.ts";
import { listingOf, secondVersion, startFakeHub, writeRepository } from "../../support/repository-files.ts";

const [a, b] = ["a", "b"].map((letter) => letter.repeat(64)) as [string, string];
const url = new URL("https://anna:opensesame@hub.example/alice/");

function open(location: string, environment: PlacedRepository["environment"] = {}, seconds = 20): RepositoryListing {
  const signal = new AbortController().signal;
  const listing = openListing({ name: "main", location, environment }, { signal, seconds });
  assert.ok(listing, location);
  return listing;
}

function answer(body: string, type = secondVersion) {
  return parseListing({ body: Buffer.from(body), type }, url);
}

describe("the listing of a REST server", () => {
  it("is names with sizes; what is being uploaded is left out", () => {
    const files = answer(
      JSON.stringify([
        { name: a, size: 3 },
        { name: `${b}-tmp-1`, size: 0 },
      ]),
    );
    assert.deepEqual([...files], [[a, { size: 3 }]]);
    assert.deepEqual([...answer("[]")], []);
  });

  const lies: Record<string, readonly [body: string, type?: string]> = {
    "a page for people": ["<html>welcome</html>", "text/html"],
    "a page that calls itself a listing": ["<html>welcome</html>"],
    "nothing at all": [""],
    "the first version, without sizes": [JSON.stringify([a]), "application/vnd.x.restic.rest.v1"],
    "an answer that was cut off": [`[{"name":"${a}","size":3},{"na`],
    "a negative size": [JSON.stringify([{ name: a, size: -1 }])],
    "a size beyond all disks": [`[{"name":"${a}","size":9223372036854775808}]`],
    "a size that is none": [JSON.stringify([{ name: a, size: "big" }])],
    "the same name twice": [JSON.stringify([a, a].map((name) => ({ name, size: 3 })))],
    "names of something else": [JSON.stringify([{ name: "../../etc/passwd", size: 3 }])],
  };
  for (const [what, [body, type]] of Object.entries(lies)) {
    it(`is not believed: ${what}`, () => {
      assert.throws(
        () => answer(body, type),
        (error) => {
          assert.ok(error instanceof StepError);
          assert.equal(error.reason, "unknown");
          assert.match(error.message, /^https:\/\/hub\.example answers with /);
          assert.doesNotMatch(error.message, /opensesame/);
          return true;
        },
      );
    });
  }
});

describe("looking at a hub", () => {
  it("shows its login, from the environment or the place, and asks for the second version", async (t) => {
    const seen: unknown[] = [];
    const hub = await startFakeHub(t, (_, headers) => {
      seen.push([headers["authorization"], headers["accept"]]);
      return listingOf([a]);
    });
    const secret = new Secret("open/sesame", "a test");
    await open(hub.location, { RESTIC_REST_USERNAME: "alice", RESTIC_REST_PASSWORD: secret }).files("snapshots");
    await open(hub.location.replace("//", "//alice:open%2Fsesame@")).files("snapshots");
    const basic = `Basic ${Buffer.from("alice:open/sesame").toString("base64")}`;
    assert.deepEqual(seen, [
      [basic, secondVersion],
      [basic, secondVersion],
    ]);
    assert.deepEqual(hub.requests, ["GET /alice/snapshots/", "GET /alice/snapshots/"]);
  });

  const statuses = [
    [401, "auth"],
    [403, "auth"],
    [404, "repository_missing"],
    [429, "throttled"],
    [503, "throttled"],
    [500, "network"],
    [302, "unknown"],
  ] as const;
  for (const [status, reason] of statuses) {
    it(`takes ${status} for ${reason}`, async (t) => {
      const hub = await startFakeHub(t, () => ({ status }));
      await assert.rejects(open(hub.location).files("snapshots"), { reason });
      if (status !== 404) await assert.rejects(open(hub.location).exists(), { reason });
      else assert.equal(await open(hub.location).exists(), false);
    });
  }

  it("gives up one that never speaks, that stops in the middle, resets, or is not there", async (t) => {
    const silent = await startBlackHole(t);
    const halfOpen = await startFakeHub(t, () => ({ type: secondVersion, body: '[{"name":', halfOpen: true }));
    const places = [silent.endpoint, (await startResetting(t)).endpoint, await refusingEndpoint(t)];
    for (const location of [halfOpen.location, ...places.map((endpoint) => `rest:${endpoint}/`)]) {
      await assert.rejects(open(location, {}, 0.3).files("snapshots"), { reason: "network" });
    }
  });

  it("trusts no certificate that it was not told of, and says where to name it", async (t) => {
    const { endpoint } = await startUntrusted(t);
    await assert.rejects(open(`rest:${endpoint}/`).files("snapshots"), (error) => {
      assert.ok(error instanceof StepError);
      assert.match(error.details.advice ?? "", /RESTIC_CACERT/);
      return true;
    });
    const missing = join(temporaryDirectory(t), "nothing.pem");
    await assert.rejects(open(`rest:${endpoint}/`, { RESTIC_CACERT: missing }).files("snapshots"), {
      reason: "config",
    });
  });

  it("reads a file as it is, and knows one that is not there", async (t) => {
    const hub = await startFakeHub(t, (path) => (path === `snapshots/${a}` ? { body: "content" } : undefined));
    assert.equal((await open(hub.location).read("snapshots", a))?.toString(), "content");
    assert.equal(await open(hub.location).read("snapshots", b), null);
  });

  it("is left to restic where a proxy stands between, and where nobody else can look", () => {
    const at = (location: string, environment = {}) =>
      openListing({ name: "main", location, environment }, { signal: new AbortController().signal, seconds: 1 });
    assert.equal(at("rest:http://hub.example/", { HTTPS_PROXY: "http://proxy.example" }), null);
    for (const location of ["s3:https://x/y", "sftp:host:/x", "rest:http+unix:///run/x.sock"])
      assert.equal(at(location), null);
  });
});

describe("looking at a folder", () => {
  const inFolder = (t: TestContext) => {
    const place = temporaryDirectory(t);
    writeRepository(place, { snapshots: [a], locks: [b] });
    return { place, listing: open(place) };
  };

  it("shows names, sizes and when they were written", async (t) => {
    const { listing } = inFolder(t);
    assert.deepEqual([...(await listing.ids("snapshots"))], [a]);
    const file = (await listing.files("locks")).get(b);
    assert.equal(file?.size, 1);
    assert.ok(Math.abs((file?.writtenAt ?? 0) - Date.now() / 1000) < 60);
    assert.equal(await listing.exists(), true);
    assert.equal((await listing.read("snapshots", a))?.toString(), "x");
    assert.equal(await listing.read("snapshots", b), null);
  });

  it("tells that there is no repository", async (t) => {
    const listing = open(join(temporaryDirectory(t), "nowhere"));
    assert.equal(await listing.exists(), false);
    await assert.rejects(listing.ids("snapshots"), { reason: "repository_missing" });
    await assert.rejects(listing.files("data"), { reason: "repository_missing" });
  });
});

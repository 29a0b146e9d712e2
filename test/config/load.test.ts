import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { configurationHash } from "../../src/config/hash.ts";
import { loadConfig } from "../../src/config/load.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { load, sampleRunners, sampleText } from "./sample.ts";

describe("a configuration that is right", () => {
  it("is read from a file", (t) => {
    const file = join(temporaryDirectory(t), "pantheros.yaml");
    writeFileSync(file, sampleText);
    const loaded = loadConfig(file, { runners: sampleRunners });
    assert.equal(loaded.file, file);
    assert.deepEqual(loaded.config, load(sampleText).config);
  });

  it("has its defaults filled in and its durations in seconds", () => {
    const { config } = load(sampleText);
    assert.deepEqual(config.retention["standard"], {
      last: 0,
      within: 5400,
      hourly: 0,
      daily: 7,
      weekly: 4,
      monthly: 0,
      yearly: 0,
      slack: 90_000,
    });
    assert.equal(config.jobs["home"]?.deadline, 43_200);
    assert.equal(config.outputs.prometheus.listen, "127.0.0.1:9471");
    assert.equal(config.outputs.dogstatsd, undefined);
  });

  it("says in its steps what their runners do by default, with references as they are written", () => {
    const [, copy] = load(sampleText).config.jobs["home"]?.steps ?? [];
    assert.deepEqual(copy, {
      uses: "sample.copy",
      optional: false,
      environment: {},
      from: "${snap.path}/letters",
      to: "shelf",
      prefix: "letters-${run.timestamp}",
    });
    assert.equal(
      load(sampleText.replace(', prefix: "letters-${run.timestamp}"', "")).config.jobs["home"]?.steps[1]?.["prefix"],
      "",
    );
  });

  it("gives every step parsed by its runner's schema, with plausible values for references", () => {
    const [snap, copy, prune] = load(sampleText).steps.get("home") ?? [];
    assert.deepEqual([snap?.id, copy?.id, prune?.id], ["snap", "step_2", "step_3"]);
    assert.equal(copy?.planned["from"], "/reference/letters");
    assert.partialDeepStrictEqual(prune?.planned, { subvolume: "docs", keep: { within: 30 * 86_400, daily: 0 } });
  });

  it("may use a text that a step leaves behind both as a path and as a name", () => {
    const text = sampleText.replace('"${snap.path}/letters"', '"${snap.name}", label: "${snap.name}"');
    assert.deepEqual(load(text).steps.get("home")?.[1]?.planned, {
      from: "/reference",
      label: "reference",
      to: "shelf",
      prefix: "letters-20260102T030405Z",
    });
  });

  it("may use anchors in moderation, comments, a byte order mark and JSON notation", () => {
    const text = `\uFEFF# ours\nhost: home\nretention:\n  a: &standard { daily: 7 }\n  b: *standard\n`;
    assert.equal(load(text).config.retention["b"]?.daily, 7);
    assert.equal(
      load('{"host": "home", "subvolumes": {"constructor": {"path": "/a", "snapshots": "/b"}}}').config.host,
      "home",
    );
  });

  it("keeps its hash through comments, order and notation, and changes it with its meaning", () => {
    const hashOf = (text: string) => configurationHash(load(text).config);
    const hash = hashOf("host: home\njournal: { keep: 1d }\n");
    assert.match(hash, /^[0-9a-f]{12}$/);
    assert.equal(hashOf("# a comment\njournal:\n  keep: 24h\nhost: 'home'\n"), hash);
    assert.notEqual(hashOf("host: home\njournal: { keep: 2d }\n"), hash);
  });
});

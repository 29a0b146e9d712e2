import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { temporaryDirectory } from "../support/directory.ts";
import { invoke } from "./invoke.ts";

const report = (name: string) => new URL(`../fixtures/facter/0.4.1/${name}.json`, import.meta.url).pathname;
const environment = { PATH: process.env["PATH"] };

describe("pantheros audit", () => {
  it("asks for a layout where nobody named one", async (t) => {
    const directory = temporaryDirectory(t);
    writeFileSync(join(directory, "pantheros.yaml"), "host: a\n");
    const { code, stderr } = await invoke(["audit"], { directory, environment });
    assert.equal(code, 2);
    assert.match(stderr, /no layout is asked for\n {2}→ name one: --profile zephyrus\|yoga\|hetzner\|contabo\|ovh/);
  });

  it("needs no configuration when the layout is named, and shows a system below another root", async (t) => {
    const root = temporaryDirectory(t);
    const { code, stdout } = await invoke(["audit", "--profile", "yoga", "--root", root], { environment });
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^profile yoga below ${root}\n`));
    assert.match(stdout, /^@home +\/home +NO +NO +\? +\. +\? +\?$/m);
    assert.match(stdout, /not in use here, and need not be: @log, @postgresql, @redis/);
    assert.match(stdout, /^ {2}because people's files compress well/m);
    assert.match(stdout, /^\d+ rules: 0 hold, \d+ violated, \d+ unknown\n$/m);
  });

  it("prints one document for programs", async (t) => {
    const root = temporaryDirectory(t);
    const words = ["audit", "--facter", report("dual-nvme"), "--root", root, "--json"];
    const { code, stdout } = await invoke(words, { environment });
    assert.equal(code, 1);
    const document = JSON.parse(stdout);
    assert.equal(document.profile, "zephyrus");
    const [chosen] = document.candidates;
    assert.deepEqual([chosen.profile, chosen.fits], ["zephyrus", true]);
    assert.match(chosen.evidence[1].found, /2 NVMe: \/dev\/nvme0n1 \(2000\.4 GB\), \/dev\/nvme1n1 \(1024\.2 GB\)/);
    const finding = document.findings.find((each: { rule: string }) => each.rule === "exists");
    assert.deepEqual([finding.subject, finding.mount_point, finding.state], ["@", "/", "violated"]);
    assert.ok(document.notes.some(({ subject }: { subject: string }) => subject === "@dev-projects"));
    assert.equal(document.summary.holds, 0);
  });

  for (const [name, message] of [
    ["two-virtual-disks", /hetzner, contabo fit .* equally well.*\n {2}→ name the profile/],
    ["truncated", /is not whole JSON/],
    ["other-version", /of version 2.*\n {2}→ name the profile/],
    ["not-there", /cannot be read.*\n {2}→ write it with: nixos-facter -o /],
  ] as const) {
    it(`judges nothing when the report is ${name}: that is no violation`, async () => {
      const { code, stdout, stderr } = await invoke(["audit", "--facter", report(name), "--json"], { environment });
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    });
  }

  it("lets the person win over the report, and still shows what it says", async (t) => {
    const words = [
      "audit",
      "--profile",
      "contabo",
      "--facter",
      report("two-virtual-disks"),
      "--root",
      temporaryDirectory(t),
    ];
    const { stdout } = await invoke(words, { environment });
    assert.match(stdout, /^> contabo fits: /m);
    assert.match(stdout, /^ {2}hetzner fits: /m);
  });

  it("knows the profiles by name", async () => {
    const { code, stderr } = await invoke(["audit", "--profile", "hetzer"], { environment });
    assert.equal(code, 2);
    assert.match(stderr, /did you mean "hetzner"/);
  });

  it("takes the subvolumes of the configuration, and makes what names hold visible", async (t) => {
    const directory = temporaryDirectory(t);
    mkdirSync(join(directory, "root"));
    writeFileSync(
      join(directory, "pantheros.yaml"),
      'host: a\nlayout:\n  subvolumes:\n    "@\\e[2Jred": { mount_point: /red, reason: "mine" }\n',
    );
    const { code, stdout } = await invoke(["audit", "--root", "root"], { directory, environment });
    assert.equal(code, 1);
    assert.match(stdout, /^the subvolumes of the configuration below /);
    assert.match(stdout, /because mine/);
    assert.ok(!stdout.includes("\u001b"));
  });

  it("says where there is nothing to look at", async () => {
    const { code, stderr } = await invoke(["audit", "--profile", "ovh", "--root", "/nonexistent"], { environment });
    assert.equal(code, 2);
    assert.match(stderr, /\/nonexistent cannot be looked at.*\n {2}→ name the directory/);
  });
});

describe("pantheros render", () => {
  it("prints a layout for disko, with the disks of the report by their ids", async () => {
    const { code, stdout } = await invoke(["render", "disko", "--facter", report("dual-nvme")], { environment });
    assert.equal(code, 0);
    assert.match(stdout, /^# Written by: pantheros render disko --profile zephyrus\n/);
    assert.match(stdout, /device = "\/dev\/disk\/by-id\/nvme-Example_SSD_2TB_A0001";/);
    assert.match(stdout, /device = "\/dev\/disk\/by-id\/nvme-Example_SSD_1TB_B0002";/);
    assert.ok(!stdout.includes("@postgresql"));
    assert.ok(!stdout.includes("EF02"), "a laptop boots by UEFI");
  });

  it("takes what is optional only when asked, and a swap file of a size", async () => {
    const words = ["render", "disko", "--profile", "contabo", "--with-optional", "--swap", "16G", "--json"];
    const { text, profile } = JSON.parse((await invoke(words, { environment })).stdout);
    assert.equal(profile, "contabo");
    assert.match(text, /swap\.swapfile\.size = "16G";/);
    assert.match(text, /"@postgresql" = \{/);
  });

  it("refuses what it does not know", async () => {
    assert.equal((await invoke(["render", "toast"], { environment })).code, 2);
    const { code, stderr } = await invoke(["render", "disko", "--profile", "ovh", "--swap", "lots"], { environment });
    assert.equal(code, 2);
    assert.match(stderr, /--swap lots is no size/);
    assert.ok(!existsSync("disko.nix"));
  });
});

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { containerRoot, needs, onPath, postgresDirectories, rclonePrograms, restServer } from "./components.ts";
import { temporaryDirectory } from "./directory.ts";
import { startPostgres } from "./postgres.ts";
import { startFalkordb, startValkey } from "./valkey.ts";

const output = (program: string, args: readonly string[]) =>
  execFileSync(program, args, { encoding: "utf8", timeout: 60_000, stdio: ["ignore", "pipe", "pipe"] });

describe("the real components that setup/ brings", { timeout: 180_000 }, () => {
  it("PostgreSQL, of each version: initialises a cluster and answers a query", needs("postgres"), async (t) => {
    for (const { version, directory } of postgresDirectories()) {
      const server = await startPostgres(t, directory);
      assert.equal(server.sql("SELECT 6 * 7"), "42");
      assert.match(server.sql("SHOW server_version"), new RegExp(`^${version}\\.`));
      for (const name of ["pg_dump", "pg_dumpall", "pg_restore"])
        assert.match(output(join(directory, name), ["--version"]), new RegExp(`\\(PostgreSQL\\) ${version}\\.`));
    }
  });

  it("Valkey: keeps a value, and its checker accepts what it saved", needs("valkey"), async (t) => {
    const valkey = await startValkey(t);
    valkey.call("SET", "key", "value");
    assert.equal(valkey.call("GET", "key").trim(), "value");
    valkey.call("SAVE");
    assert.match(output(valkey.checker, [join(valkey.directory, "dump.rdb")]), /RDB looks OK/);
  });

  it("FalkorDB: answers a graph query, and its checker accepts what it saved", needs("falkordb"), async (t) => {
    const falkordb = await startFalkordb(t);
    falkordb.call("GRAPH.QUERY", "memory", "CREATE (:Person {name: 'Ada'})-[:KNOWS]->(:Person {name: 'Grace'})");
    const answer = falkordb.call("GRAPH.QUERY", "memory", "MATCH ({name: 'Ada'})-[:KNOWS]->(b) RETURN b.name");
    assert.match(answer, /Grace/);
    falkordb.call("SAVE");
    assert.match(output(falkordb.checker, [join(falkordb.directory, "dump.rdb")]), /RDB looks OK/);
  });

  it("rclone: at least two versions, each the one that its folder says", needs("several rclones"), () => {
    const found = rclonePrograms();
    for (const { version, program } of found)
      assert.match(output(program, ["version"]), new RegExp(`^rclone v${version}`));
    assert.equal(new Set(found.map(({ version }) => version)).size, found.length);
  });

  it("rest-server: knows the options that a hub needs", needs("rest-server"), () => {
    const help = output(restServer(), ["--help"]);
    for (const option of ["--append-only", "--htpasswd-file", "--private-repos", "--tls"])
      assert.ok(help.includes(option));
  });

  it("programs for Btrfs: each of them runs", needs("snapper", "btrbk", "zstd", "btrfs"), () => {
    for (const name of ["snapper", "btrbk", "zstd", "btrfs"])
      assert.match(output(onPath(name) ?? name, ["--version"]), /\d+\.\d+/, name);
  });

  it("network namespaces: made and gone with their process", needs("network namespaces"), () => {
    const links = output("unshare", ["--net", onPath("ip") ?? "ip", "-oneline", "link"]);
    assert.match(links, /^1: lo:[^\n]*\n$/, "nothing but a loopback device");
  });

  it("a Debian with systemd: boots, runs a unit, powers off, and stays as it was", needs("systemd container"), (t) => {
    const shared = temporaryDirectory(t);
    const script = join(shared, "look");
    writeFileSync(script, "#!/bin/sh\n{ cat /proc/1/comm; btrfs --version; } >/shared/seen\ntouch /etc/written\n");
    chmodSync(script, 0o755);
    // The folder of nspawn's own sockets is a mount that only this process sees.
    const boot =
      'mkdir -p /run/systemd/nspawn && mount -t tmpfs tmpfs /run/systemd/nspawn && exec systemd-nspawn --quiet --boot "$@"';
    const options = ["--volatile=overlay", "--private-network", "--register=no", "--keep-unit", "--console=pipe"];
    const place = ["--directory", containerRoot(), `--machine=components-${process.pid}`, `--bind=${shared}:/shared`];
    const before = statSync(join(containerRoot(), "etc")).mtimeMs;
    output("unshare", ["--mount", "sh", "-c", boot, "sh", ...options, ...place, "systemd.run=/shared/look"]);
    assert.match(readFileSync(join(shared, "seen"), "utf8"), /^systemd\nbtrfs-progs v/);
    assert.equal(existsSync(join(containerRoot(), "etc/written")), false);
    assert.equal(statSync(join(containerRoot(), "etc")).mtimeMs, before);
  });

  it("what is missing is named, with what brings it", (t) => {
    const code = `
      import { falkordbDirectory, needs } from ${JSON.stringify(new URL("components.ts", import.meta.url).href)};
      console.log(needs("valkey", "falkordb").skip);
      try { falkordbDirectory(); } catch (error) { console.log(error.message); }`;
    const answer = execFileSync(process.execPath, ["--input-type=module", "--eval", code], {
      encoding: "utf8",
      env: { XDG_CACHE_HOME: temporaryDirectory(t), PATH: "" },
    });
    assert.equal(
      answer,
      "missing here: valkey, falkordb (make components)\nmissing here: falkordb (make components)\n",
    );
  });
});

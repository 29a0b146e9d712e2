import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { needs } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { startReceiver } from "../support/http-receiver.ts";
import { startS3 } from "../support/s3.ts";
import { placeExample } from "./place.ts";

describe("example server", { timeout: 240_000 }, () => {
  it(
    "backs up by secret files alone, checks after it, drills, and tells the dead-man's switch",
    needs("s3", "restic"),
    async (t) => {
      const root = temporaryDirectory(t);
      for (const folder of ["srv", "etc"]) {
        mkdirSync(join(root, folder));
        for (let n = 0; n < 20; n += 1) writeFileSync(join(root, folder, `file-${n}`), `${folder} ${n}\n`.repeat(50));
      }
      const server = await startS3(t);
      await server.createBucket("server-backups");
      const pings = await startReceiver(t);
      const example = placeExample(
        t,
        "server/pantheros.yaml",
        {
          "[/srv, /etc]": `[${join(root, "srv")}, ${join(root, "etc")}]`,
          "path: /var/lib/pantheros": `path: ${root}`,
          "https://s3.us-west-004.backblazeb2.com": server.endpoint,
        },
        root,
      );
      const secrets = {
        "restic-password": "correct horse battery staple",
        "b2-key-id": server.accessKeyId,
        "b2-application-key": server.secretAccessKey,
        "ping-url": `${pings.endpoint}/ping/0a1b2c3d-secret`,
      };
      for (const [name, text] of Object.entries(secrets)) {
        // By standard input, as a person would not have them in a history.
        const path = join(root, "secrets", name);
        const { code, stderr } = await example.run(["secrets", "init", path, "--from-stdin"], { input: `${text}\n` });
        assert.equal(code, 0, stderr);
        assert.equal(statSync(path).mode & 0o777, 0o600);
      }

      await example.succeed("files");
      const runs = await example.runs();
      assert.deepEqual(
        runs.map(({ job, outcome }) => [job, outcome]),
        [
          ["check", "success"],
          ["files", "success"],
        ],
      );
      assert.deepEqual(
        pings.requests().map(({ url }) => url.replace(/\?.*/, "")),
        ["/ping/0a1b2c3d-secret/start", "/ping/0a1b2c3d-secret"],
      );
      await example.succeed("drill");
      const { drill } = await example.evidence("drill");
      assert.equal(drill?.["files_compared"], 40);

      const { backups } = await example.status();
      assert.equal(backups[0]?.proof?.state, "proven");
      const metrics = await example.metrics();
      assert.equal(metrics.get('pantheros_objective_copies{host="debian-server",objective="files"}'), 2);

      // No secret in anything that is kept or shown.
      const shown = [await example.run(["runs", "--json"]), await example.run(["config", "show"])];
      for (const { stdout } of shown) for (const text of Object.values(secrets)) assert.ok(!stdout.includes(text));
      assert.ok(readdirSync(root).length > 0);
    },
  );
});

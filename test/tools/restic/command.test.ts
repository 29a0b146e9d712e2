import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { StepError } from "../../../src/model/run/outcome.ts";
import { Secret } from "../../../src/model/secret.ts";
import type { ToolResult } from "../../../src/tools/exec.ts";
import { backupCommand, type CommandBackup, commandArguments } from "../../../src/tools/restic/command.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { rejectsWith } from "../../support/failure.ts";
import { ended, fakeExecute } from "../../support/restic-recordings.ts";

const repository = {
  name: "main",
  location: "/repository",
  program: "restic",
  password: new Secret("hunter2 hunter2", "a test"),
  environment: { AWS_SECRET_ACCESS_KEY: new Secret("shadow key", "a test") },
  cacheDirectory: "/cache",
};

function request(t: TestContext): CommandBackup {
  return {
    command: { argv: ["pg_dump", "--format=custom"], environment: { PGDATABASE: "app" } },
    filename: "app.dump",
    host: "web1",
    tags: ["pantheros", "job:nightly"],
    errors: join(temporaryDirectory(t), "errors"),
    failure: ({ exitCode, signal, stderr }) => new StepError("source", `${exitCode} ${signal} ${stderr}`),
  };
}

/** @param said what the program says into its file before restic ends */
async function backUp(t: TestContext, end: Partial<ToolResult>, said?: string) {
  const wanted = request(t);
  const { execute, calls } = fakeExecute(() => {
    if (said !== undefined) writeFileSync(wanted.errors, said);
    return ended(end);
  });
  return { calls, report: await backupCommand(repository, execute, wanted, () => undefined) };
}

const exitError = (message: string) => JSON.stringify({ message_type: "exit_error", code: 1, message });

describe("restic that runs a program and stores what it prints", () => {
  it("is told the program, and hides from it what is its own", (t) => {
    const wanted = request(t);
    assert.deepEqual(commandArguments({ ...wanted, errors: "/scratch/errors" }, ["RESTIC_PASSWORD", "AWS_KEY"]), [
      ...["backup", "--json", "--host=web1", "--tag=pantheros,job:nightly"],
      ...["--stdin-from-command", "--stdin-filename=app.dump", "--"],
      ...["env", "--unset=RESTIC_PASSWORD", "--unset=AWS_KEY"],
      ...["sh", "-c", 'exec "$@" 2>"$0"', "/scratch/errors", "pg_dump", "--format=custom"],
    ]);
  });

  it("hands both environments over, and keeps what the program said beside the report", async (t) => {
    const summary = JSON.stringify({
      message_type: "summary",
      snapshot_id: "0123456789",
      total_files_processed: 1,
      total_bytes_processed: 7,
    });
    const { calls, report } = await backUp(t, { stdout: summary }, "pg_dump: warning: odd\n");
    assert.deepEqual([report.summary.files, report.summary.bytes], [1, 7]);
    assert.match(report.tail, /warning: odd/);
    const { environment } = calls[0] ?? {};
    assert.deepEqual([environment?.["PGDATABASE"], environment?.["RESTIC_REPOSITORY"]], ["app", "/repository"]);
    assert.ok(calls[0]?.argv.includes("--unset=AWS_SECRET_ACCESS_KEY"));
  });

  it("fails with the program's own failure when that failed", async (t) => {
    const stderr = exitError(
      "Fatal: unable to save snapshot: failed to save /app.dump: Fatal: command failed: exit status 3",
    );
    await rejectsWith(backUp(t, { exitCode: 1, stderr }, "oops"), "source", /^3 null oops$/);
    const killed = exitError(
      "Fatal: unable to save snapshot: failed to save /app.dump: Fatal: command failed: signal: killed",
    );
    await rejectsWith(backUp(t, { exitCode: 1, stderr: killed }), "source", /^null killed $/);
    const early = `subprocess sh: sh: 1: cannot create /scratch/errors\n${stderr}`;
    await rejectsWith(backUp(t, { exitCode: 1, stderr: early }), "source", /cannot create/);
  });

  it("fails with restic's failure when that has one, whatever became of the program", async (t) => {
    const stderr = exitError("Fatal: unable to save snapshot: no space left on device; command failed: signal: killed");
    await rejectsWith(backUp(t, { exitCode: 1, stderr }), "space", /no space left/);
    await rejectsWith(
      backUp(t, { exitCode: 12, stderr: exitError("Fatal: wrong password or no key found") }),
      "auth",
      /main/,
    );
  });
});

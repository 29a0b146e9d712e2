import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { endGroup } from "../../src/tools/process/group.ts";
import { identityOf } from "../../src/tools/process/process.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { eventually } from "../support/eventually.ts";
import { isAlive } from "../support/process.ts";

const exec = new URL("../../src/tools/exec.ts", import.meta.url).href;

/** A Node process that runs `sleep 300` by `createExecute`, and that writes to `file` what it started. */
const holder = `
  import { writeFileSync, renameSync } from "node:fs";
  import { createExecute } from ${JSON.stringify(exec)};
  const [file, ...argv] = process.argv.slice(1);
  const onStart = ({ pid }) => {
    writeFileSync(file + ".part", String(pid));
    renameSync(file + ".part", file);
  };
  await createExecute({ env: process.env, onStart })({ argv });
`;

async function startHolder(file: string, ...argv: string[]) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", holder, file, ...argv], { stdio: "inherit" });
  await eventually("the tool runs", () => existsSync(file));
  const pid = Number(readFileSync(file, "utf8"));
  // Until setpriv has become the tool itself, the kernel knows nothing of the signal yet.
  const comm = () => readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  await eventually("the tool has been executed", () => comm() === argv[0]?.split("/").at(-1));
  return { child, tool: identityOf(pid) ?? assert.fail("the tool is gone") };
}

describe("a tool whose pantheros is killed", { timeout: 60_000 }, () => {
  it("is ended by the kernel", async (t) => {
    const { child, tool } = await startHolder(join(temporaryDirectory(t), "pid"), "sleep", "300");
    t.after(() => endGroup(tool, 0));
    assert.equal(isAlive(tool), true);
    child.kill("SIGKILL");
    await once(child, "exit");
    await eventually("the tool is gone", () => !isAlive(tool));
  });

  it("is ended by its recorded group when it ignores that signal", async (t) => {
    const directory = temporaryDirectory(t);
    const ignoring = 'trap "" TERM; echo >"$1"; while :; do sleep 300; done';
    const { child, tool } = await startHolder(
      join(directory, "pid"),
      "sh",
      "-c",
      ignoring,
      "sh",
      join(directory, "deaf"),
    );
    t.after(() => endGroup(tool, 0));
    await eventually("it ignores SIGTERM", () => existsSync(join(directory, "deaf")));
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(isAlive(tool), true);
    assert.equal(await endGroup(tool, 0.2), "killed");
    assert.equal(isAlive(tool), false);
  });
});

import { chmodSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { maxSecretBytes } from "../../config/secret.ts";
import { generateSecret, makeSecretFolder, presentFile, writeSecretFile } from "../../config/secret-file.ts";
import type { NamedSecret } from "../../config/secret-uses.ts";
import { type Invocation, printJson, tell, UsageError } from "../command.ts";
import { type Asker, canAsk, createAsker } from "../terminal/asker.ts";
import { lookAt, report, type SecretLook } from "./look.ts";

/** A secret that is read from a file, as it was found. */
interface FileSecret extends SecretLook {
  readonly file: string;
}

interface Done {
  readonly name: string;
  readonly file: string;
  readonly action: "created" | "replaced" | "made private" | "skipped";
}

/** Creates the files of secrets. @param named whether the person has named these; else they are all there are */
export async function initSecrets(
  chosen: readonly NamedSecret[],
  { named }: { readonly named: boolean },
  invocation: Invocation,
): Promise<number> {
  const looks = chosen.map((secret) => lookAt(secret, invocation));
  const files = looks.flatMap((look): FileSecret[] =>
    "file" in look.secret.reference ? [{ ...look, file: look.secret.reference.file }] : [],
  );
  const elsewhere = looks.find(({ secret }) => !("file" in secret.reference));
  if (named && elsewhere)
    throw new UsageError(`${elsewhere.secret.name} is read from no file\n  → ${elsewhere.advice}`);

  const { options } = invocation;
  const done = options["from-stdin"]
    ? [await fromStandardInput(files, named, invocation)]
    : options["generate"]
      ? files.filter((file) => named || isMissing(file)).flatMap((file) => generate(file, { named }, invocation))
      : await askForAll(files, looks, named, invocation);
  if (invocation.json) printJson(invocation, done);
  else if (done.length === 0)
    tell(invocation, options["generate"] ? "nothing that may be made up is missing" : "nothing is missing");
  return 0;
}

function isMissing({ state }: FileSecret): boolean {
  return state === "missing" || state === "empty";
}

async function fromStandardInput(files: readonly FileSecret[], named: boolean, invocation: Invocation): Promise<Done> {
  const [secret, another] = files;
  if (!named || !secret || another)
    throw new UsageError("--from-stdin brings one value: name the one secret that it is for");
  if (invocation.stdin.isTTY)
    throw new UsageError(
      "what is typed for --from-stdin would be shown\n  → leave it out: then it is asked for, unseen",
    );
  const value = await readAll(invocation.stdin);
  return write(secret, value, { replace: invocation.options["force"] === true }, invocation);
}

/** One newline at the end belongs to the file, not to the value, as where it is read. */
async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size > maxSecretBytes) break;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)).replace(/\r?\n$/, "");
  } catch {
    // Its message would say where in the value it stumbled.
    throw new UsageError("what came from standard input is not text in UTF-8: nothing was written");
  }
}

function generate(secret: FileSecret, { named }: { readonly named: boolean }, invocation: Invocation): Done[] {
  const { name, generated, irreplaceable } = secret.secret;
  if (!generated) {
    if (!named) return [];
    throw new UsageError(
      `${name} is given by somebody else and cannot be made up\n  → pantheros secrets init ${name} --from-stdin < FILE`,
    );
  }
  if (irreplaceable && !isMissing(secret)) {
    throw new UsageError(
      `${secret.file} exists already: a repository opens with the password that it was made with\n` +
        "  → to change it: restic key add, then write the new one with --from-stdin --force",
    );
  }
  const done = write(secret, generateSecret(), { replace: invocation.options["force"] === true }, invocation);
  if (irreplaceable) warnOfLoss(secret.file, invocation);
  return [done];
}

async function askForAll(
  files: readonly FileSecret[],
  looks: readonly SecretLook[],
  named: boolean,
  invocation: Invocation,
): Promise<Done[]> {
  const wanting = files.filter((file) => named || file.state !== "ok");
  if (wanting.length === 0) return [];
  if (!canAsk(invocation)) {
    throw new UsageError(
      `there is no terminal to ask on for ${wanting.map(({ secret }) => secret.name).join(", ")}\n` +
        "  → pantheros secrets init NAME --from-stdin < FILE\n" +
        "  → pantheros secrets init --generate    for passwords of repositories",
    );
  }
  if (!named) tell(invocation, `${report(looks, invocation)}\n`);
  const asker = createAsker(invocation);
  try {
    const done: Done[] = [];
    for (const secret of wanting) done.push(await askFor(secret, asker, invocation));
    return done;
  } finally {
    asker.close();
  }
}

async function askFor(secret: FileSecret, asker: Asker, invocation: Invocation): Promise<Done> {
  const { file, state } = secret;
  const { name, usedBy, generated, irreplaceable } = secret.secret;
  tell(invocation, `${file}\n  for ${usedBy.join(", ")}`);
  const skipped: Done = { name, file, action: "skipped" };
  // What must not be replaced is told before anything is typed.
  const present = presentFile(file) !== null && state !== "empty";
  if (
    state === "open to others" &&
    (await asker.confirm("  every user can open it. Make it private (chmod 600)?", true))
  ) {
    chmodSync(file, 0o600);
    tell(invocation, "  private now. Others may have read it: renew it where it comes from.");
    return { name, file, action: "made private" };
  }
  if (present) {
    if (irreplaceable)
      tell(
        invocation,
        "  ! a repository opens only with a password that it knows: tell it the new one first (restic key add)",
      );
    const why = state === "ok" || secret.message === null ? "it exists" : secret.message;
    if (!(await asker.confirm(`  ${why}. Replace it?`, false))) return skipped;
  }
  if (!existsSync(dirname(file))) {
    if (!(await asker.confirm(`  there is no folder ${dirname(file)}. Make it, for its owner only?`, true)))
      return skipped;
    makeSecretFolder(dirname(file));
  }
  if (generated && !present && (await asker.confirm("  generate a strong one?", true))) {
    const done = write(secret, generateSecret(), {}, invocation);
    if (irreplaceable) warnOfLoss(file, invocation);
    return done;
  }
  const value = await askForValue(secret, asker, invocation);
  return value === "" ? skipped : write(secret, value, { replace: present }, invocation);
}

async function askForValue({ secret }: FileSecret, asker: Asker, invocation: Invocation): Promise<string> {
  for (;;) {
    const value = await asker.hidden("  value (not shown; Enter alone skips it): ");
    if (value === "") return value;
    if (value !== value.trim()) tell(invocation, "  it begins or ends with a space, which belongs to it");
    if (!secret.irreplaceable) {
      tell(invocation, `  ${[...value].length} characters`);
      return value;
    }
    if ((await asker.hidden("  once more, since a typing error would lock you out: ")) === value) return value;
    tell(invocation, "  they differ: nothing was written");
  }
}

/** Writes one; a file that is empty holds nothing that could be lost. */
function write(
  { secret: { name }, file, state }: FileSecret,
  value: string,
  { replace = false }: { readonly replace?: boolean },
  invocation: Invocation,
): Done {
  const present = presentFile(file) !== null;
  writeSecretFile(file, value, { replace: replace || state === "empty" });
  const action = present ? "replaced" : "created";
  if (!invocation.json) tell(invocation, `${action} ${file}`);
  return { name, file, action };
}

function warnOfLoss(file: string, invocation: Invocation): void {
  tell(
    invocation,
    [
      "",
      `  !! KEEP A COPY OF ${file} ELSEWHERE, NOW: in a password manager, on paper.`,
      "  !! Without it nobody can restore these backups – neither you nor pantheros.",
      "",
    ].join("\n"),
  );
}

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Stands in for `gh`, with as much of it as examples/ci uses: comments and issues are in files of `$GITHUB_FOLDER`. What it is not known to
 * understand is an error, so that the example cannot come to rely on it.
 */
interface Comment {
  readonly id: number;
  readonly user: { readonly login: string };
  body: string;
}
interface Issue {
  readonly number: number;
  readonly title: string;
  state: "open" | "closed";
  body: string;
}

const folder = process.env["GITHUB_FOLDER"] ?? "";
const args = process.argv.slice(2);
const comments = read<Comment>("comments");
const issues = read<Issue>("issues");
const words: string[] = [];
const options = new Map<string, string>();
for (let word = args.shift(); word !== undefined; word = args.shift()) {
  if (!word.startsWith("--")) words.push(word);
  else options.set(word, ["--paginate", "--silent"].includes(word) ? "" : (args.shift() ?? ""));
}
if (process.env["GH_TOKEN"] !== "token" || process.env["GH_REPO"] !== "us/alerts")
  fail("there is no token or no repository");
process.stdout.write(answer(words.join(" ")));
write("comments", comments);
write("issues", issues);

function answer(asked: string): string {
  const body = () => readFileSync(options.get("--body-file") ?? "", "utf8");
  if (asked === "api repos/us/alerts/issues/17/comments") return filtered(comments);
  const edited = /^api repos\/us\/alerts\/issues\/comments\/(\d+)$/.exec(asked)?.[1];
  if (edited !== undefined && options.get("--method") === "PATCH") {
    const comment = comments.find(({ id }) => String(id) === edited) ?? fail(`no comment ${edited}`);
    comment.body = readFileSync(options.get("--field")?.replace(/^body=@/, "") ?? "", "utf8");
    return "";
  }
  if (asked === "pr comment 17") {
    comments.push({ id: comments.length + 1, user: { login: "github-actions[bot]" }, body: body() });
    return "https://example.org/17\n";
  }
  if (asked === "issue list") return filtered(issues.filter(({ state }) => state === options.get("--state")));
  if (asked === "issue create") {
    issues.push({ number: issues.length + 1, title: options.get("--title") ?? "", state: "open", body: body() });
    return "https://example.org/1\n";
  }
  const [, action, number] = /^issue (edit|close) (\d+)$/.exec(asked) ?? fail(`gh ${asked}`);
  const issue = issues.find((one) => String(one.number) === number) ?? fail(`no issue ${number}`);
  if (action === "edit") issue.body = body();
  else issue.state = "closed";
  return "";
}

function filtered(value: unknown): string {
  return execFileSync("jq", ["-r", options.get("--jq") ?? "."], { input: JSON.stringify(value), encoding: "utf8" });
}

function read<T>(name: string): T[] {
  const file = join(folder, `${name}.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T[]) : [];
}

function write(name: string, value: unknown): void {
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(value));
}

function fail(what: string): never {
  process.stderr.write(`not understood: ${what}\n`);
  process.exit(1);
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { formatProblems } from "../../src/config/problems.ts";
import { refusalOf } from "./sample.ts";

const secret = "Tr0ub4dor";

/** Every way in which the refusal of a text may come before somebody's eyes. */
function shown(text: string): string {
  const error = refusalOf(text);
  return [
    formatProblems(error, { colour: false }),
    formatProblems(error, { colour: true }),
    inspect(error, { depth: 9 }),
    JSON.stringify(error),
    error.message,
  ].join("\n");
}

const repository = (password: string, more = "") =>
  `host: home\nzebra: 1\nrepositories:\n  r:\n    repository: /r\n    password: ${password}\n${more}`;

const leaks: Record<string, string> = {
  "a plain text": repository(secret),
  "a quoted text": repository(`"${secret} with spaces"`),
  "a text with a comment that repeats it": repository(`${secret} # was ${secret}1`),
  "a number": repository("8439672351").replaceAll("8439672351", `"${secret}"`),
  "a block": repository(`|\n      ${secret}\n      ${secret}`),
  "a folded text": repository(`${secret}\n      ${secret}`),
  "a list": repository(`[${secret}, ${secret}]`),
  "a map with a wrong key": repository(`{ value: ${secret} }`),
  "a map whose key it is": repository(`{ ${secret} }`),
  "a map with a right and a wrong key": repository(`{ file: /p, value: ${secret} }`),
  "a file that is none": repository(`{ file: ${secret} }`),
  "what YAML takes for an anchor": repository(`&${secret}`),
  "what YAML takes for an alias": repository(`*${secret}`),
  "what YAML takes for a tag": repository(`!${secret}`),
  "what YAML takes for a comment": repository(`#${secret}`),
  "what YAML cannot begin a text with": repository(`@${secret}`),
  "a text with a colon": repository(`${secret}: ${secret}`),
  "an anchor used elsewhere": `host: home\nzebra: &z ${secret}\nrepositories:\n  r: { repository: /r, password: *z }\n`,
  "on the line of another problem": `host: home\nrepositories:\n  r: { zebra: 1, repository: 5, password: ${secret}, giraffe: 2 }\n`,
  "in a flow map that never ends": `host: home\nrepositories:\n  r: { repository: /r, password: ${secret}, \n`,
  "before a mistake in the YAML on the same line": `host: home\nrepositories:\n  r: { repository: /r, password: ${secret}, ]\n`,
  "in a block with a mistake in the YAML": `host: home\nrepositories:\n  r:\n    password: |\n      ${secret}\n     ${secret}: [\n`,
  "in the environment of restic": repository(
    "{ file: /p }",
    `    environment: { AWS_SECRET_ACCESS_KEY: ${secret}, RESTIC_PASSWORD2: [${secret}], zebra: [1] }\n`,
  ),
  "in a URL": `host: home\nrepositories:\n  r: { repository: "rest:https://me:${secret}@example.org/", zebra: 1 }\n`,
  "under a key that nobody knows": `host: home\napi_token: ${secret}\n`,
  "in the keys of a destination": `host: home\ndestinations:\n  s: { type: s3, endpoint: "https://example.org", bucket: b, access_key_id: ${secret}, secret_access_key: "${secret}" }\n`,
  twice: repository(secret, `    password: ${secret}\n`),
};

describe("a secret that was written into the configuration", () => {
  for (const [name, text] of Object.entries(leaks)) {
    it(`is never shown: ${name}`, () => assert.doesNotMatch(shown(text), new RegExp(secret, "i")));
  }

  it("is masked, and only it", () => {
    const [problem] = refusalOf(
      `host: home\nrepositories:\n  r: { repository: /r, password: ${secret}, zebra: 1 }\n`,
    ).problems.slice(1);
    assert.equal(problem?.excerpt?.text, "  r: { repository: /r, password: [redacted], zebra: 1 }");
    assert.equal(problem.excerpt.text.slice(problem.excerpt.start).slice(0, problem.excerpt.length), "zebra");
  });

  it("hides no reference to a secret", () => {
    const [problem] = refusalOf(
      "host: home\nrepositories:\n  r: { repository: 5, password: { file: /etc/p } }\n",
    ).problems;
    assert.equal(problem?.excerpt?.text, "  r: { repository: 5, password: { file: /etc/p } }");
  });

  for (const name of ["AWS_ACCESS_KEY_ID", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND", "GOOGLE_PROJECT_ID"]) {
    it(`is not seen in ${name}`, () => {
      const text = `host: home\nzebra: 1\nrepositories:\n  r: { repository: /r, password: { file: /p }, environment: { ${name}: value } }\n`;
      assert.deepEqual(
        refusalOf(text).problems.map(({ path }) => path),
        ["zebra"],
      );
    });
  }
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { secretReference } from "../../src/config/scalars.ts";
import { configuration } from "../../src/config/schema.ts";
import { secretsOf } from "../../src/config/secret-uses.ts";

const options = z.strictObject({
  plain: z.string().optional(),
  login: z.strictObject({ password: secretReference.meta({ description: "One of its own" }) }).optional(),
  several: z.array(z.union([z.string(), secretReference])).default([]),
});

/** The secrets of a configuration with one step. */
function secretsIn(sections: object, step: object = {}) {
  const config = configuration.parse({ host: "h", jobs: { a: { steps: [{ uses: "x" }] } }, ...sections });
  const loaded = { position: 0, id: "step_1", uses: "x", options: { ...step }, planned: {} };
  return secretsOf({ config, steps: new Map([["a", [loaded]]]) }, () => options);
}

describe("the secrets of a configuration", () => {
  it("are found in the options of steps at any depth, also under a description of their own", () => {
    const step = { plain: "/x", login: { password: { file: "/p" } }, several: ["no", { credential: "c" }] };
    assert.deepEqual(
      secretsIn({}, step).map(({ name, usedBy }) => [name, usedBy]),
      [
        ["p", ["jobs.a.steps[0].login.password"]],
        ["c", ["jobs.a.steps[0].several[1]"]],
      ],
    );
  });

  it("are none where a map only looks like one", () => {
    const environment = { LEVEL: "5" };
    assert.deepEqual(secretsIn({ jobs: { a: { steps: [{ uses: "x", environment }] } } }), []);
  });

  it("are made up by us only where nobody else gives them, and all who use them agree", () => {
    const repository = (file: string) => ({ repository: "/r", password: { file } });
    const found = secretsIn(
      {
        repositories: { one: repository("/own"), two: repository("/shared") },
        outputs: { prometheus: { token: { file: "/token" } } },
      },
      { login: { password: { file: "/shared" } } },
    );
    assert.deepEqual(
      found.map(({ name, generated, irreplaceable }) => [name, generated, irreplaceable]),
      [
        ["own", true, true],
        ["shared", false, true],
        ["token", true, false],
      ],
    );
  });
});

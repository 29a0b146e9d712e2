import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StepError } from "../../src/model/run/outcome.ts";
import type { Secret } from "../../src/model/secret.ts";
import { withDestination } from "../../src/tools/destinations/open-destination.ts";
import { openRepository } from "../../src/tools/restic/repository.ts";

type Reference = { readonly file: string };
type Read = (reference: Reference) => Secret;
const reference = { file: "/none" };

/** Everything of a configuration that is opened with a secret. */
const opened: readonly (readonly [what: string, open: (readSecret: Read) => unknown])[] = [
  [
    "password of the repository main",
    (readSecret) =>
      openRepository(
        "main",
        { repository: "/srv/main", restic: "restic", password: reference, environment: {} },
        { stateDirectory: "/state", readSecret },
      ),
  ],
  [
    "RESTIC_REST_PASSWORD of the repository main",
    (readSecret) =>
      openRepository(
        "main",
        {
          repository: "/srv/main",
          restic: "restic",
          password: reference,
          environment: { RESTIC_REST_PASSWORD: reference },
        },
        { stateDirectory: "/state", readSecret },
      ),
  ],
  [
    "access_key_id of the destination offsite",
    (readSecret) => {
      const where = { type: "s3", endpoint: "https://s3.example", region: "r", bucket: "b", prefix: "" } as const;
      const offsite = { ...where, access_key_id: reference, secret_access_key: reference };
      const config = { destinations: { offsite } };
      const { signal } = new AbortController();
      return withDestination<Reference, void>("offsite", { config, readSecret, signal }, async () => assert.fail());
    },
  ],
];

describe("a secret that cannot be read", () => {
  for (const [what, open] of opened) {
    it(`is told as the ${what}, with what to do`, async () => {
      const thrown = new StepError("source", "/none is not there", { advice: "create it" });
      await assert.rejects(
        async () => open(() => fail(thrown)),
        (error) => {
          assert.ok(error instanceof StepError);
          assert.deepEqual([error.reason, error.message], ["auth", `${what}: /none is not there`]);
          assert.deepEqual([error.details.advice, error.cause], ["create it", thrown]);
          return true;
        },
      );
    });

    it(`is told as the ${what} when nobody foresaw why`, async () => {
      await assert.rejects(async () => open(() => fail("text")), { reason: "auth", message: `${what}: text` });
    });
  }
});

function fail(thrown: unknown): never {
  throw thrown;
}

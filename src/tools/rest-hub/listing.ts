import { readFileSync } from "node:fs";
import * as z from "zod";
import { lazily } from "../../model/lazily.ts";
import { StepError } from "../../model/run/outcome.ts";
import { addressOf } from "../http-failure.ts";
import { jsonOf } from "../restic/output.ts";
import type { PlacedRepository } from "../restic/repository.ts";
import {
  isRepositoryId,
  type ListedFile,
  type ListingLimits,
  type RepositoryListing,
} from "../restic/repository-listing.ts";
import { createRestClient, type RestAnswer, type RestClient } from "./client.ts";

/** Names with sizes. https://restic.readthedocs.io/en/stable/100_references.html#rest-backend (2026-11) */
const secondVersion = "application/vnd.x.restic.rest.v2";

/** More than a listing of 500 000 files, and less than what would cost the engine its memory. */
const mostBytes = 64 * 1024 * 1024;
/** A snapshot or a lock is some hundred bytes; with thousands of paths it is more. */
const mostContent = 16 * 1024 * 1024;

const listing = lazily(() => z.array(z.object({ name: z.string(), size: z.int().min(0) })));

/** What a REST server tells of a repository. Null: it is none, or restic reaches it through a proxy of its environment. */
export function openRestListing(repository: PlacedRepository, limits: ListingLimits): RepositoryListing | null {
  const client = clientOf(repository, limits);
  if (client === null) return null;
  return {
    async exists() {
      const answer = await client.ask("HEAD", "config", 0);
      if (answer.status !== 404 && answer.status !== 200) throw refusal(client, answer.status);
      return answer.status === 200;
    },

    async ids(folder) {
      return new Set((await this.files(folder)).keys());
    },

    async files(folder) {
      const answer = await client.ask("GET", `${folder}/`, mostBytes, { accept: secondVersion });
      if (answer.status !== 200) throw refusal(client, answer.status);
      return parseListing(answer, client.url);
    },

    async read(folder, id) {
      const answer = await client.ask("GET", `${folder}/${id}`, mostContent);
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw refusal(client, answer.status);
      return answer.body;
    },
  };
}

function clientOf({ location, environment }: PlacedRepository, limits: ListingLimits): RestClient | null {
  const [, address = ""] = /^rest:(https?:\/\/.+)$/.exec(location) ?? [];
  if (!URL.canParse(address)) return null;
  if (Object.keys(environment).some((name) => /^(?:https?|all)_proxy$/i.test(name))) return null;
  const text = (name: string) => {
    const value = environment[name];
    return value === undefined || typeof value === "string" ? value : value.reveal();
  };
  const url = new URL(address.endsWith("/") ? address : `${address}/`);
  const user = decodeURIComponent(url.username) || text("RESTIC_REST_USERNAME");
  const password = decodeURIComponent(url.password) || text("RESTIC_REST_PASSWORD");
  url.username = "";
  url.password = "";
  const file = text("RESTIC_CACERT");
  const own = text("RESTIC_TLS_CLIENT_CERT");
  return createRestClient(url, {
    ...limits,
    ...(user === undefined ? {} : { login: `${user}:${password ?? ""}` }),
    ...(file === undefined ? {} : { trusted: () => readFileSync(file, "utf8") }),
    ...(own === undefined ? {} : { certificate: () => readFileSync(own, "utf8") }),
  });
}

/**
 * What is being uploaded has a name of its own and is left out. A listing that cannot be true is believed in nothing.
 * @throws StepError `unknown`
 */
export function parseListing({ body, type }: Pick<RestAnswer, "body" | "type">, url: URL): Map<string, ListedFile> {
  const lies = (what: string) =>
    new StepError("unknown", `${addressOf(url)} answers with ${what} instead of a listing of files`, {
      advice: "see that its place is that of a repository, and that rest-server is 0.10 or newer",
      tail: body.subarray(0, 500).toString("utf8"),
    });
  if (type !== secondVersion) throw lies(type === "" ? "something of no type" : type);
  const parsed = listing().safeParse(jsonOf(body.toString("utf8")));
  if (!parsed.success) throw lies("names or sizes that cannot be");
  const files = new Map<string, ListedFile>();
  for (const { name, size } of parsed.data) {
    if (!isRepositoryId(name)) continue;
    if (files.has(name)) throw lies("the same name twice");
    files.set(name, { size });
  }
  if (files.size === 0 && parsed.data.length > 0) throw lies("names of no repository");
  return files;
}

function refusal({ url }: RestClient, status: number): StepError {
  const place = addressOf(url);
  if (status === 401 || status === 403) {
    return new StepError("auth", `${place} does not let this user list the repository (${status})`, {
      advice:
        "check RESTIC_REST_USERNAME and RESTIC_REST_PASSWORD in its environment; a private repository is open to the user of its name",
    });
  }
  if (status === 404) {
    return new StepError("repository_missing", `there is no repository at its place on ${place}`, {
      advice: "correct its place, or create it: restic init",
    });
  }
  if (status === 429 || status === 503) {
    return new StepError("throttled", `${place} asks to slow down (${status})`, { advice: "look less often" });
  }
  if (status >= 500) return new StepError("network", `${place} answered ${status}`, { advice: "look at that server" });
  return new StepError("unknown", `${place} answered ${status} when asked for a listing`, {
    advice: "see that what answers there is restic's REST server",
  });
}

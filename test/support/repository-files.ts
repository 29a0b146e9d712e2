import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { RepositoryFolder } from "../../src/tools/restic/repository-listing.ts";
import { listenOnLoopback } from "./loopback.ts";

/** Ids by folder. */
export type RepositoryIds = Partial<Record<RepositoryFolder, readonly string[]>>;

/** The files of a repository in a folder, by name: nothing is in them that restic could read. */
export function writeRepository(place: string, ids: RepositoryIds = {}): void {
  for (const folder of ["snapshots", "locks", "keys", "index", "data"] as const) {
    mkdirSync(join(place, folder), { recursive: true });
    for (const id of ids[folder] ?? []) writeFileSync(join(place, folder, id), "x");
  }
  writeFileSync(join(place, "config"), "x");
}

export interface FakeHub {
  /** As restic's -r takes it. */
  readonly location: string;
  /** Method and path of each request, in order. */
  readonly requests: readonly string[];
}

interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string | Buffer;
  /** Never comes to an end. */
  readonly halfOpen?: boolean;
}

export const secondVersion = "application/vnd.x.restic.rest.v2";

/** What a hub answers when it is asked for these files. */
export function listingOf(ids: readonly string[], size: unknown = 300): Answer {
  return { type: secondVersion, body: JSON.stringify(ids.map((name) => ({ name, size }))) };
}

/** A REST server that answers what it is told, with 404 for all else. @param answer by what comes after the place: `snapshots/` */
export async function startFakeHub(
  t: Pick<TestContext, "after">,
  answer: (path: string, headers: NodeJS.Dict<string | string[]>) => Answer | undefined,
): Promise<FakeHub> {
  const requests: string[] = [];
  const server = createServer(({ method, url = "", headers }, response) => {
    requests.push(`${method} ${url}`);
    const {
      status = 200,
      type,
      body = "",
      halfOpen = false,
    } = answer(url.slice("/alice/".length), headers) ?? {
      status: 404,
    };
    response.writeHead(status, type === undefined ? {} : { "content-type": type });
    if (halfOpen) response.write(body);
    else response.end(body);
  });
  return { location: `rest:http://127.0.0.1:${await listenOnLoopback(t, server)}/alice/`, requests };
}

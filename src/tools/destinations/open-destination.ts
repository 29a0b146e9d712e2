import { StepError } from "../../model/run/outcome.ts";
import type { Secret } from "../../model/secret.ts";
import type { RcloneDestination } from "../rclone/rclone.ts";
import { readNamed } from "../read-secret.ts";
import { type Destination, joinPrefix, openDestination } from "./destination.ts";

/** A destination of the configuration with its credentials read. */
export interface OpenDestination extends Destination {
  /** As the configuration calls it. */
  readonly name: string;
  /** What rclone has to know of it. */
  readonly place: RcloneDestination;
  /** A step's prefix with what the configuration puts before everything; see `joinPrefix`. */
  readonly whole: (prefix: string) => string;
}

/**
 * The whole text before the timestamps of a series. `joinPrefix` takes slashes off: what ends with one means folders that are called by their
 * time alone.
 */
export function wholeSeries(prefix: string, { whole }: Pick<OpenDestination, "whole">): string {
  const joined = whole(prefix);
  return joined === "" || !(prefix === "" || prefix.endsWith("/")) ? joined : `${joined}/`;
}

/** A destination as the configuration declares it; `Reference` is where a secret is read from. */
type Declared<Reference> =
  | { readonly type: "local"; readonly path: string }
  | {
      readonly type: "s3";
      readonly endpoint: string;
      readonly region: string;
      readonly bucket: string;
      readonly prefix: string;
      readonly access_key_id: Reference;
      readonly secret_access_key: Reference;
    };

/** What opening one needs: of a runner's context, or a collector's. */
interface World<Reference> {
  readonly config: { readonly destinations: Readonly<Record<string, Declared<Reference>>> };
  readonly readSecret: (reference: Reference) => Secret;
  readonly signal: AbortSignal;
}

/**
 * Opens a destination for as long as something is done with it.
 * @throws StepError `config` when it is not declared, `auth` when a credential cannot be read
 */
export async function withDestination<Reference extends object, Result>(
  name: string,
  world: World<Reference>,
  use: (destination: OpenDestination) => Promise<Result>,
): Promise<Result> {
  const { destinations } = world.config;
  const configured = Object.hasOwn(destinations, name) ? destinations[name] : undefined;
  if (!configured) {
    throw new StepError("config", `there is no destination called ${name}`, {
      advice: "declare it in destinations",
    });
  }
  const secretOf = (setting: string, reference: Reference) =>
    readNamed(`${setting} of the destination ${name}`, reference, world.readSecret);
  const place: RcloneDestination =
    configured.type === "s3"
      ? {
          type: "s3",
          endpoint: configured.endpoint,
          region: configured.region,
          bucket: configured.bucket,
          accessKeyId: secretOf("access_key_id", configured.access_key_id),
          secretAccessKey: secretOf("secret_access_key", configured.secret_access_key),
        }
      : { type: "local", path: configured.path };
  const before = configured.type === "s3" ? joinPrefix(configured.prefix) : "";
  const destination = openDestination(place, before, world.signal);
  try {
    return await use({ ...destination, name, place, whole: (prefix) => joinPrefix(before, prefix) });
  } finally {
    destination.close();
  }
}

import { lookup } from "node:dns/promises";
import { BlockList, isIPv6 } from "node:net";
import { StepError } from "../model/run/outcome.ts";

export interface ListenAddress {
  /** An IP address: a name is resolved before it is judged, so that `localhost` cannot be something else. Undefined: all. */
  readonly host: string | undefined;
  /** 0: any that is free. */
  readonly port: number;
  /** Only this machine can reach it. */
  readonly loopback: boolean;
}

/**
 * `127.0.0.1:9471`, `[::1]:9471`, `localhost:9471`; `:9471` is every address of the machine.
 * @throws StepError `config`
 */
export async function parseListen(listen: string): Promise<ListenAddress> {
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^\s/:[\]]*)):(\d{1,5})$/i.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new StepError("config", `cannot listen on "${listen}": it is not ADDRESS:PORT`, {
      advice: "write it like 127.0.0.1:9471 or [::1]:9471",
    });
  }
  const name = match[1] ?? match[2];
  if (!name) return { host: undefined, port, loopback: false };
  const host = await resolve(name, listen);
  return { host, port, loopback: loopback.check(host, isIPv6(host) ? "ipv6" : "ipv4") };
}

/** As `parseListen` reads it, for messages and URLs. */
export function formatAddress(host: string, port: number): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

async function resolve(name: string, listen: string): Promise<string> {
  try {
    return (await lookup(name)).address;
  } catch (cause) {
    throw new StepError("config", `cannot listen on ${listen}: the name ${name} does not resolve`, {
      advice: "use an IP address of this machine",
      cause,
    });
  }
}

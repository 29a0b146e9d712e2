import { execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import type { TestContext } from "node:test";

/** Another machine, as far as the network goes. */
export interface Namespace {
  readonly name: string;
  /** Its own address; the test's machine reaches it, and nobody else. */
  readonly address: string;
  /** Begins an argv that is executed in it. */
  readonly enter: readonly ["ip", "netns", "exec", string];
}

/** A network namespace with one cable to the test's machine, gone with the test. Its addresses are of the range for benchmarks (RFC 2544). */
export function createNamespace(t: Pick<TestContext, "after">): Namespace {
  const number = randomInt(0, 2 ** 15);
  const name = `pantheros-${number}`;
  const [here, there] = [`ph-h${number}`, `ph-n${number}`];
  const inRange = (offset: number) => {
    const host = number * 4 + offset;
    return `198.${18 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`;
  };
  const [own, address] = [inRange(1), inRange(2)];
  const ip = (...args: string[]) => execFileSync("ip", args, { stdio: "pipe" });
  ip("netns", "add", name);
  t.after(() => ip("netns", "delete", name));
  ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", name);
  ip("address", "add", `${own}/30`, "dev", here);
  ip("link", "set", here, "up");
  ip("-n", name, "address", "add", `${address}/30`, "dev", there);
  ip("-n", name, "link", "set", there, "up");
  ip("-n", name, "link", "set", "lo", "up");
  return { name, address, enter: ["ip", "netns", "exec", name] };
}

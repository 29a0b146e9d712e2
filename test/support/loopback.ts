import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import type { TestContext } from "node:test";

/** Lets a server of whatever kind listen until the test ends; what is connected to it then is cut off. @returns its port */
export async function listenOnLoopback(
  t: Pick<TestContext, "after">,
  server: Server,
  address = "127.0.0.1",
): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  server.listen(0, address);
  await once(server, "listening");
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

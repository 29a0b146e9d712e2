import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { inspect } from "node:util";
import { StepError } from "../../src/model/run/outcome.ts";
import { type HttpRequest, type SendOptions, sendRequest } from "../../src/tools/http-request.ts";
import { onPath } from "../support/components.ts";
import { temporaryDirectory } from "../support/directory.ts";
import { failureOf as anyFailureOf } from "../support/failure.ts";
import { refusingEndpoint, startBlackHole } from "../support/hostile-server.ts";
import { startReceiver } from "../support/http-receiver.ts";
import { listenOnLoopback } from "../support/loopback.ts";

const path = "/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

function send(url: string, request: Partial<HttpRequest> = {}, options: Partial<SendOptions> = {}) {
  const never = new AbortController().signal;
  return sendRequest(
    { method: "GET", headers: {}, ...request, url: new URL(url) },
    { seconds: 5, attempts: 1, signal: never, ...options },
  );
}

async function failureOf(sent: Promise<unknown>): Promise<StepError> {
  const error = await anyFailureOf(sent);
  assert.doesNotMatch(inspect(error, { depth: 8 }), /5bf66975|hunter2/, "neither the URL nor a header is told");
  return error;
}

/** The same in a process of its own, with an environment of its own. @returns the status, or the message of the failure */
function sendFromAnother(url: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const module = JSON.stringify(join(import.meta.dirname, "../../src/tools/http-request.ts"));
  const request = `{ url: new URL(${JSON.stringify(url)}), method: "GET", headers: {} }`;
  const options = "{ seconds: 5, attempts: 1, signal: new AbortController().signal }";
  const script = `import { sendRequest } from ${module};
    console.log(await sendRequest(${request}, ${options}).then(({ status }) => status, ({ message }) => message));`;
  return new Promise((resolve, reject) => {
    const settings = { env: { ...process.env, ...environment }, timeout: 20_000 };
    execFile(process.execPath, ["--input-type=module", "-e", script], settings, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    );
  });
}

/** A server that answers every connection with these bytes, then goes on as it likes. */
async function startRaw(t: TestContext, talk: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => talk(socket));
  });
  return `http://127.0.0.1:${await listenOnLoopback(t, server)}`;
}

describe("an HTTP request", { timeout: 60_000 }, () => {
  it("brings method, path, query, headers and body", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    const answer = await send(`${endpoint}${path}?a=1`, {
      method: "POST",
      headers: { "x-token": "t" },
      body: "größer\n",
    });
    assert.deepEqual(answer, { status: 200, body: "OK" });
    const [got] = requests();
    assert.deepEqual([got?.method, got?.url, got?.body], ["POST", `${path}?a=1`, "größer\n"]);
    assert.equal(got?.headers["x-token"], "t");
    assert.match(got?.headers["user-agent"] ?? "", /^pantheros\//);
    assert.equal(got?.headers["content-type"], "text/plain; charset=utf-8");
  });

  it("is let in by the user and password of its URL", async (t) => {
    const { endpoint, requests } = await startReceiver(t);
    await send(endpoint.replace("//", "//me:pass@"));
    assert.equal(requests()[0]?.headers["authorization"], `Basic ${Buffer.from("me:pass").toString("base64")}`);
  });

  it("reaches a server by IPv6", async (t) => {
    const { endpoint } = await startReceiver(t, undefined, "::1");
    assert.match(endpoint, /\[::1\]/);
    assert.equal((await send(endpoint)).status, 200);
  });

  it("asks no proxy, whatever the environment says", async (t) => {
    const proxy = await startReceiver(t);
    const server = await startReceiver(t);
    const environment = { HTTP_PROXY: proxy.endpoint, http_proxy: proxy.endpoint, NODE_USE_ENV_PROXY: "1" };
    assert.equal(await sendFromAnother(server.endpoint, environment), "200");
    assert.equal(server.requests().length, 1);
    assert.equal(proxy.requests().length, 0);
  });
});

describe("an HTTP request that fails", { timeout: 60_000 }, () => {
  for (const [status, reason] of [
    [401, "auth"],
    [403, "auth"],
    [404, "config"],
    [410, "config"],
    [418, "config"],
    [429, "throttled"],
    [500, "network"],
    [503, "throttled"],
  ] as const) {
    it(`is ${reason} for ${status}`, async (t) => {
      const { endpoint } = await startReceiver(t, ({ url }, response) => response.writeHead(status).end(`no ${url}`));
      const failure = await failureOf(send(endpoint + path, { headers: { authorization: "hunter2" } }));
      assert.equal(failure.reason, reason);
      assert.equal(failure.message, `${endpoint} answered ${status}`);
      assert.ok(failure.details.advice);
    });
  }

  it("is tried again when that can help, and not when it cannot", async (t) => {
    const statuses = [503, 200];
    const busy = await startReceiver(t, (_, response) => response.writeHead(statuses.shift() ?? 500).end());
    assert.equal((await send(busy.endpoint, {}, { attempts: 3 })).status, 200);
    assert.equal(busy.requests().length, 2);
    const wrong = await startReceiver(t, (_, response) => response.writeHead(404).end());
    await failureOf(send(wrong.endpoint, {}, { attempts: 3 }));
    assert.equal(wrong.requests().length, 1);
  });

  it("says so when nobody listens", async (t) => {
    const failure = await failureOf(send((await refusingEndpoint(t)) + path));
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /cannot be reached: nobody listens there$/);
  });

  it("says so when the name is not known", async () => {
    const failure = await failureOf(send(`http://no-such-host.invalid${path}`));
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /^http:\/\/no-such-host\.invalid cannot be reached: its name /);
  });

  it("gives up on who never answers", async (t) => {
    const hole = await startBlackHole(t);
    const failure = await failureOf(send(hole.endpoint + path, {}, { seconds: 0.3 }));
    assert.equal(failure.message, `${hole.endpoint}: no answer within 0.3 s`);
  });

  it("ends at once when it is cancelled, also between two attempts", async (t) => {
    const stop = new AbortController();
    const busy = await startReceiver(t, (_, response) => {
      response.writeHead(503).end();
      setImmediate(() => stop.abort(new StepError("cancelled", "it was asked to stop")));
    });
    assert.equal((await failureOf(send(busy.endpoint, {}, { attempts: 5, signal: stop.signal }))).reason, "cancelled");
    assert.equal(busy.requests().length, 1);
    const hole = await startBlackHole(t);
    const sent = send(hole.endpoint, {}, { signal: AbortSignal.abort(new StepError("timeout", "too late")) });
    assert.equal((await failureOf(sent)).reason, "timeout");
  });

  for (const [what, bytes] of [
    ["garbage", "\0\xff not HTTP at all\r\n\r\n"],
    ["nothing, and hangs up", ""],
    ["headers without end", `HTTP/1.1 200 OK\r\n${"x-fill: y\r\n".repeat(20_000)}`],
  ] as const) {
    it(`is network for a server that answers ${what}`, async (t) => {
      const endpoint = await startRaw(t, (socket) => socket.end(bytes, "latin1"));
      assert.equal((await failureOf(send(endpoint + path))).reason, "network");
    });
  }

  it("names no value of a header that HTTP does not allow", async (t) => {
    const { endpoint } = await startReceiver(t);
    const failure = await failureOf(send(endpoint, { headers: { "x-token": "hunter2\nhost: evil" } }));
    assert.equal(failure.reason, "config");
  });
});

describe("an answer", { timeout: 60_000 }, () => {
  const head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n";

  it("may be endless: the beginning is enough", async (t) => {
    const endpoint = await startRaw(t, (socket) => {
      socket.write(head);
      const flood = () => {
        while (!socket.destroyed && socket.write("x".repeat(65_536)));
      };
      socket.on("drain", flood);
      flood();
    });
    const { status, body } = await send(endpoint);
    assert.deepEqual([status, body], [200, "x".repeat(4096)]);
  });

  it("counts from its status on, though the rest never comes", async (t) => {
    const endpoint = await startRaw(t, (socket) => socket.write(`${head}so`));
    assert.deepEqual(await send(endpoint), { status: 200, body: "so" });
  });

  it("counts although the connection breaks after it", async (t) => {
    const endpoint = await startRaw(t, (socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nhalf", () => socket.destroy());
    });
    assert.equal((await send(endpoint)).status, 200);
  });
});

describe("a redirect", { timeout: 60_000 }, () => {
  it("is followed on the same host, with the headers", async (t) => {
    const { endpoint, requests } = await startReceiver(t, ({ url }, response) =>
      url === path ? response.writeHead(308, { location: "/new" }).end() : response.end("OK"),
    );
    await send(endpoint + path, { method: "POST", headers: { "x-token": "t" }, body: "b" });
    assert.deepEqual(
      requests().map(({ method, url, body, headers }) => [method, url, body, headers["x-token"]]),
      [
        ["POST", path, "b", "t"],
        ["POST", "/new", "b", "t"],
      ],
    );
  });

  it("to another host is refused: it would learn what is secret", async (t) => {
    const thief = await startReceiver(t);
    const { endpoint } = await startReceiver(t, ({ url }, response) =>
      response.writeHead(302, { location: thief.endpoint + url }).end(),
    );
    const failure = await failureOf(send(endpoint + path, { headers: { authorization: "hunter2" } }));
    assert.equal(failure.reason, "config");
    assert.equal(failure.message, `${endpoint} redirects to ${thief.endpoint}, which must not learn what is secret`);
    assert.equal(thief.requests().length, 0);
  });

  it("in a circle is left after a while", async (t) => {
    const { endpoint, requests } = await startReceiver(t, (_, response) =>
      response.writeHead(302, { location: "/again" }).end(),
    );
    assert.match((await failureOf(send(endpoint + path))).message, /redirects more often than 3 times$/);
    assert.equal(requests().length, 4);
  });

  it("that would lose the body of a POST is refused, as is one that leads nowhere", async (t) => {
    const { endpoint } = await startReceiver(t, ({ method }, response) =>
      response.writeHead(302, method === "POST" ? { location: "/x" } : {}).end(),
    );
    assert.match((await failureOf(send(endpoint, { method: "POST", body: "" }))).message, /would lose its body$/);
    assert.match((await failureOf(send(endpoint))).message, /does not say where to go$/);
  });
});

describe("an HTTP request by TLS", {
  skip: onPath("openssl") === null && "missing here: openssl",
  timeout: 60_000,
}, () => {
  async function startTls(t: TestContext, name: string): Promise<{ endpoint: string; ca: string }> {
    const folder = temporaryDirectory(t);
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const argv = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test"];
    execFileSync("openssl", [...argv, "-addext", `subjectAltName=${name}`, "-keyout", key, "-out", cert], {
      stdio: "ignore",
      timeout: 20_000,
    });
    const options = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = createTlsServer(options, (_, response) => response.end("OK"));
    return { endpoint: `https://127.0.0.1:${await listenOnLoopback(t, server)}`, ca: cert };
  }

  it("is not sent to who shows a certificate that nobody vouches for", async (t) => {
    const { endpoint } = await startTls(t, "IP:127.0.0.1");
    const failure = await failureOf(send(endpoint + path));
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /shows a certificate that is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/);
    assert.match(failure.details.advice ?? "", /NODE_EXTRA_CA_CERTS/);
  });

  it("is sent to who is vouched for, and not under another name", async (t) => {
    for (const [name, said] of [
      ["IP:127.0.0.1", /^200$/],
      ["DNS:elsewhere.example", /not trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)$/],
    ] as const) {
      const { endpoint, ca } = await startTls(t, name);
      assert.match(await sendFromAnother(endpoint, { NODE_EXTRA_CA_CERTS: ca }), said);
    }
  });

  it("is told when there is no TLS at all", async (t) => {
    const { endpoint } = await startReceiver(t);
    const failure = await failureOf(send(endpoint.replace("http:", "https:") + path));
    assert.equal(failure.reason, "network");
    assert.match(failure.message, /it does not speak TLS there|not HTTP|closed/);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { MetricsPage } from "../../src/http/metrics-page.ts";
import { type RunningServer, type ServerOptions, startServer } from "../../src/http/server.ts";
import type { StepError } from "../../src/model/run/outcome.ts";
import { Secret } from "../../src/model/secret.ts";

const moment = 1_795_251_600;
const encode = (text: string, encoding: "identity" | "gzip") =>
  encoding === "gzip" ? gzipSync(text) : Buffer.from(text);

async function serve(
  t: TestContext,
  options: Partial<ServerOptions> = {},
): Promise<RunningServer & { logged: string[] }> {
  const logged: string[] = [];
  const server = await startServer({
    listen: "127.0.0.1:0",
    open: false,
    token: null,
    page: async (format, encoding) => encode(`${format}\n`, encoding),
    health: () => ({ version: "1.2.3", observedAt: moment - 12, problem: null }),
    now: () => moment,
    log: (message) => logged.push(message),
    ...options,
  });
  t.after(() => server.close());
  return { ...server, logged };
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("GET /metrics", () => {
  it("answers in Prometheus' text format by default", async (t) => {
    const { url } = await serve(t);
    const response = await fetch(`${url}metrics`, { headers: { "accept-encoding": "identity" } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(response.headers.get("vary"), "Accept, Accept-Encoding");
    assert.equal(await response.text(), "text\n");
  });

  it("answers in OpenMetrics and compressed to who asks for it", async (t) => {
    const { url } = await serve(t);
    const headers = { accept: "application/openmetrics-text; version=1.0.0", "accept-encoding": "gzip" };
    const response = await fetch(`${url}metrics`, { headers });
    assert.equal(response.headers.get("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.equal(await response.text(), "openmetrics\n");
  });

  it("answers HEAD with the same headers and no body", async (t) => {
    const { url } = await serve(t);
    const response = await fetch(`${url}metrics`, { method: "HEAD", headers: { "accept-encoding": "identity" } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-length"), "5");
    assert.equal(await response.text(), "");
  });

  it("is unavailable, and says why, while the page cannot be made; the server lives on", async (t) => {
    let broken = true;
    const page: MetricsPage = async (_format, encoding) => {
      if (broken) throw new Error("the ledger is gone");
      return encode("fine", encoding);
    };
    const { url, logged } = await serve(t, { page });
    const response = await fetch(`${url}metrics`);
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(await response.text(), "unavailable: the ledger is gone\n");
    assert.deepEqual(logged, ["GET /metrics failed: the ledger is gone"]);
    broken = false;
    assert.equal((await fetch(`${url}metrics`)).status, 200);
  });
});

describe("GET /healthz", () => {
  it("says version, ledger and age of the newest observation", async (t) => {
    const { url } = await serve(t);
    const response = await fetch(`${url}healthz`);
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      status: "ok",
      version: "1.2.3",
      ledger: "readable",
      newest_observation_age_seconds: 12,
      problem: null,
    });
  });

  for (const [how, health] of [
    ["is reported", () => ({ version: "1.2.3", observedAt: null, problem: "no permission" })],
    [
      "is thrown",
      () => {
        throw new Error("no permission");
      },
    ],
  ] as const) {
    it(`is 503 when a problem with the ledger ${how}`, async (t) => {
      const { url } = await serve(t, { health });
      const response = await fetch(`${url}healthz`);
      assert.equal(response.status, 503);
      const { status, ledger, problem } = (await response.json()) as Record<string, unknown>;
      assert.deepEqual(
        { status, ledger, problem },
        { status: "unavailable", ledger: "unreadable", problem: "no permission" },
      );
    });
  }
});

describe("GET /", () => {
  it("shows a person where the rest is, escaped, with nothing that could run", async (t) => {
    const { url } = await serve(t, { health: () => ({ version: `<script>"'&`, observedAt: null, problem: null }) });
    const response = await fetch(url);
    const html = await response.text();
    assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
    assert.match(response.headers.get("content-security-policy") ?? "", /^default-src 'none';/);
    assert.match(html, /<a href="\/metrics">/);
    assert.match(html, /Version &#60;script&#62;&#34;&#39;&#38;</);
    assert.doesNotMatch(html, /<script|style|https?:/);
  });
});

describe("what is not served", () => {
  it("is refused in plain text, without saying what the server is made of", async (t) => {
    const { url } = await serve(t);
    for (const [method, path, status, text] of [
      ["GET", "nowhere?a[b]=<script>", 404, "not found: there are /, /metrics and /healthz\n"],
      ["POST", "metrics", 405, "POST is not possible here: use GET\n"],
      ["DELETE", "healthz", 405, "DELETE is not possible here: use GET\n"],
      ["OPTIONS", "", 405, "OPTIONS is not possible here: use GET\n"],
    ] as const) {
      const response = await fetch(url + path, { method });
      assert.equal(response.status, status);
      assert.equal(await response.text(), text);
      assert.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
      assert.equal(response.headers.get("x-powered-by"), null);
      assert.equal(response.headers.get("allow"), status === 405 ? "GET, HEAD" : null);
      for (const name of ["content-security-policy", "x-content-type-options"]) assert.ok(response.headers.has(name));
    }
  });

  for (const bytes of [
    "GET /%E0%A4%A HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "\u0000\u0001 nonsense\r\n\r\n",
    `GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`,
    "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
  ]) {
    it(`does not end the server: ${JSON.stringify(bytes.slice(0, 30))}`, async (t) => {
      const { url } = await serve(t);
      const { port } = new URL(url);
      const socket = connect(Number(port), "127.0.0.1").on("error", () => undefined);
      socket.end(bytes);
      socket.resume();
      await once(socket, "close");
      assert.equal((await fetch(`${url}metrics`)).status, 200);
    });
  }
});

describe("a server with a token", () => {
  const token = new Secret("correct-horse", "file /etc/pantheros/token");

  it("shows nothing without it, and everything with it", async (t) => {
    const { url } = await serve(t, { token });
    for (const path of ["", "metrics", "nowhere"]) {
      for (const init of [
        {},
        bearer("wrong"),
        bearer("correct"),
        bearer("correct-horse-"),
        { headers: { authorization: "Basic correct-horse" } },
      ]) {
        const response = await fetch(url + path, init);
        assert.equal(response.status, 401);
        assert.equal(response.headers.get("www-authenticate"), 'Bearer realm="pantheros"');
      }
    }
    assert.equal((await fetch(`${url}metrics`, bearer("correct-horse"))).status, 200);
    assert.equal((await fetch(`${url}metrics`, { headers: { authorization: "bearer correct-horse" } })).status, 200);
  });

  it("that is empty lets nobody in", async (t) => {
    const { url } = await serve(t, { token: new Secret("", "an empty file") });
    for (const init of [{}, bearer(""), bearer(" ")]) assert.equal((await fetch(`${url}metrics`, init)).status, 401);
  });

  it("tells others only whether all is well", async (t) => {
    const { url } = await serve(t, { token });
    assert.deepEqual(await (await fetch(`${url}healthz`)).json(), { status: "ok" });
    assert.equal(
      ((await (await fetch(`${url}healthz`, bearer("correct-horse"))).json()) as { version: string }).version,
      "1.2.3",
    );
  });
});

describe("starting", () => {
  for (const listen of ["0.0.0.0:0", "[::]:0", ":0"]) {
    it(`on ${listen} is refused without a token, with advice`, async (t) => {
      await assert.rejects(serve(t, { listen }), {
        name: "StepError",
        reason: "config",
        message: `refusing to listen on ${listen} without a token: others could read the metrics`,
        details: { advice: "set outputs.prometheus.token, listen on 127.0.0.1, or say outputs.prometheus.open: true" },
      });
    });
  }

  it("on any address is possible with a token, or when it is meant to be open", async (t) => {
    const token = new Secret("correct-horse", "test");
    for (const options of [{ token }, { open: true }]) {
      const { address } = await serve(t, { listen: "0.0.0.0:0", ...options });
      assert.match(address, /^0\.0\.0\.0:\d+$/);
    }
  });

  it("on a port in use says which port, and what to do", async (t) => {
    const { address } = await serve(t);
    const port = address.split(":")[1];
    await assert.rejects(serve(t, { listen: address }), (error: StepError) => {
      assert.equal(error.reason, "config");
      assert.equal(error.message, `cannot listen on ${address}: port ${port} is in use by another program`);
      assert.match(error.details.advice ?? "", new RegExp(`ss -ltnp 'sport = :${port}'.*or choose another port`));
      return true;
    });
  });

  it("on an address of another machine says so", async (t) => {
    await assert.rejects(serve(t, { listen: "192.0.2.1:0", open: true }), {
      reason: "config",
      message: /this machine has no such address/,
    });
  });
});

describe("closing", () => {
  it("lets a request that is under way end, and refuses new ones", async (t) => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<string>();
    const page: MetricsPage = async (_format, encoding) => {
      asked.resolve();
      return encode(await answer.promise, encoding);
    };
    const { url, close } = await serve(t, { page });
    const request = fetch(`${url}metrics`);
    await asked.promise;
    const closed = close();
    await assert.rejects(fetch(`${url}healthz`));
    answer.resolve("late");
    assert.equal(await (await request).text(), "late");
    await closed;
  });

  it("does not wait for a client that says nothing", async (t) => {
    const { url, close } = await serve(t);
    const socket = connect(Number(new URL(url).port), "127.0.0.1").on("error", () => undefined);
    await once(socket, "connect");
    socket.write("GET /metrics HTTP/1.1\r\nHost: a\r\n");
    await (await fetch(`${url}metrics`)).text();
    const ended = once(socket, "close");
    socket.resume();
    await close();
    await ended;
  });

  it("may be asked for twice", async (t) => {
    const { close } = await serve(t);
    await Promise.all([close(), close()]);
    await close();
  });
});

import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from "express";
import type { Secret } from "../model/secret.ts";
import { contentTypes } from "../outputs/prometheus.ts";
import { acceptsGzip, negotiateFormat } from "./accept.ts";
import { type Health, healthAnswer } from "./health.ts";
import { indexPage } from "./index-page.ts";
import type { MetricsPage } from "./metrics-page.ts";
import { showsToken } from "./token.ts";

export interface ApplicationOptions {
  /** Bearer token that every request must show, save `/healthz`, which then tells only whether all is well; null: none. */
  readonly token: Secret | null;
  readonly page: MetricsPage;
  /** May throw, which counts as a problem. */
  readonly health: () => Health;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly log: (message: string) => void;
}

/** `GET /`, `/metrics` and `/healthz`; everything else is refused in plain text. */
export function createApplication({ token, page, health, now, log }: ApplicationOptions): Express {
  const application = express();
  application.disable("x-powered-by").disable("etag").set("query parser", false);
  application.use(securityHeaders);

  application
    .route("/healthz")
    .get((request, response) => {
      const answer = healthAnswer(askHealth(health), now());
      const known = token === null || showsToken(request.get("authorization"), token);
      response.status(answer.problem === null ? 200 : 503).json(known ? answer : { status: answer.status });
    })
    .all(methodNotAllowed);

  if (token !== null) application.use(requireToken(token));

  application
    .route("/metrics")
    .get(async (request, response) => {
      const format = negotiateFormat(request.get("accept"));
      const encoding = acceptsGzip(request.get("accept-encoding")) ? "gzip" : "identity";
      const body = await page(format, encoding);
      if (encoding === "gzip") response.set("Content-Encoding", "gzip");
      response.set("Vary", "Accept, Accept-Encoding").set("Content-Type", contentTypes[format]);
      response.set("Content-Length", String(body.length)).end(body);
    })
    .all(methodNotAllowed);

  application
    .route("/")
    .get((_request, response) => {
      response.type("html").send(indexPage(askHealth(health).version));
    })
    .all(methodNotAllowed);

  application.use((_request, response) => plain(response, 404, "not found: there are /, /metrics and /healthz"));
  application.use(failed(log));
  return application;
}

/** Nothing may be loaded, framed, sniffed or kept. */
const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  });
  next();
};

const methodNotAllowed: RequestHandler = (request, response) => {
  response.set("Allow", "GET, HEAD");
  plain(response, 405, `${request.method} is not possible here: use GET`);
};

function requireToken(token: Secret): RequestHandler {
  return (request, response, next) => {
    if (showsToken(request.get("authorization"), token)) return next();
    response.set("WWW-Authenticate", 'Bearer realm="pantheros"');
    plain(response, 401, "a bearer token is needed: Authorization: Bearer TOKEN");
  };
}

/** A page that cannot be made is unavailable, not empty: Prometheus then says `up 0`, and keeps no old value alive. */
function failed(log: (message: string) => void): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const message = error instanceof Error ? error.message : String(error);
    log(`${request.method} ${request.path} failed: ${message}`);
    if (response.headersSent) return next(error);
    plain(response, statusOf(error), `unavailable: ${message}`);
  };
}

/** Express says what is wrong with a request by a status of its own. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 ? status : 503;
}

function askHealth(health: () => Health): Health {
  try {
    return health();
  } catch (error) {
    return { version: "unknown", observedAt: null, problem: error instanceof Error ? error.message : String(error) };
  }
}

function plain(response: Response, status: number, text: string): void {
  response.status(status).type("text/plain").send(`${text}\n`);
}

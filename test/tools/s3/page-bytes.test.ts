import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { createPageMemory, type PageBytes } from "../../../src/tools/s3/page-bytes.ts";

const answered = (body: Readable | Uint8Array, statusCode = 200) => ({ response: { statusCode, body } });
const inPieces = (...pieces: readonly string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));
const keep = (bytes: PageBytes, answer: ReturnType<typeof answered>) => bytes.middleware(async () => answer)({});

describe("the memory of a page", () => {
  it("holds the body of a good answer, and the SDK reads nothing", async () => {
    const bytes = createPageMemory().take();
    const answer = answered(inPieces("<a>", "Zürich", "</a>"));
    await keep(bytes, answer);
    assert.equal(bytes.page().toString(), "<a>Zürich</a>");
    assert.deepEqual(answer.response.body, new Uint8Array());
  });

  it("is used again, and shows nothing of the page before", async () => {
    const memory = createPageMemory();
    const first = memory.take();
    await keep(first, answered(inPieces("a long page")));
    memory.giveBack(first);
    const second = memory.take();
    assert.equal(second, first);
    await keep(second, answered(inPieces("short")));
    assert.equal(second.page().toString(), "short");
  });

  it("is another one while the first is in use", () => {
    const memory = createPageMemory();
    assert.notEqual(memory.take(), memory.take());
  });

  it("holds what came at the second attempt alone", async () => {
    const bytes = createPageMemory().take();
    const torn = Readable.from(
      (async function* () {
        yield Buffer.from("half a");
        throw new Error("the line is gone");
      })(),
    );
    await assert.rejects(keep(bytes, answered(torn)), /the line is gone/);
    await keep(bytes, answered(inPieces("whole")));
    assert.equal(bytes.page().toString(), "whole");
  });

  it("grows for a page of long names, which then need not stay", async () => {
    const memory = createPageMemory();
    const bytes = memory.take();
    const piece = "x".repeat(3 * 2 ** 20);
    await keep(bytes, answered(inPieces("<", piece, piece, ">")));
    assert.equal(bytes.page().toString(), `<${piece}${piece}>`);
    memory.giveBack(bytes);
    assert.notEqual(memory.take(), bytes);
  });

  it("refuses a page without an end", async () => {
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        for (; sent < 100; sent += 1) yield Buffer.alloc(2 ** 20);
      })(),
    );
    await assert.rejects(keep(createPageMemory().take(), answered(endless)), {
      reason: "unknown",
      message: /more than 33554432 bytes/,
    });
    assert.ok(sent < 40, "the rest is not read");
  });

  it("leaves a refusal to the SDK", async () => {
    const refusal = inPieces("<Error/>");
    const answer = answered(refusal, 403);
    await keep(createPageMemory().take(), answer);
    assert.equal(answer.response.body, refusal);
    refusal.destroy();
  });
});

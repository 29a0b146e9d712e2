import type { Readable } from "node:stream";
import { StepError } from "../../model/run/outcome.ts";

/** A page has 1 000 names of 1 024 bytes at most, each byte written with three characters, and what stands beside them. */
const longestPage = 32 * 2 ** 20;
/** Two of the pages that Backblaze and Amazon send when names are as long as most are. */
const usualPage = 2 ** 20;

type Handler<Call, Answered> = (call: Call) => Promise<Answered>;

/** Memory for the pages of listings: as many as are read at the same time, used again and again. */
export interface PageMemory {
  take(): PageBytes;
  giveBack(bytes: PageBytes): void;
}

export interface PageBytes {
  /**
   * Keeps the body of a good answer and hands an empty one on, so that the SDK does not read it. What the server refuses goes on untouched, and
   * becomes the SDK's own error.
   */
  readonly middleware: <Call, Answered extends { readonly response: unknown }>(
    next: Handler<Call, Answered>,
  ) => Handler<Call, Answered>;
  /** What was kept last, until this is given back. */
  readonly page: () => Buffer;
}

/** A page lies outside the heap and stays where it is: a million names are read without any garbage that V8 would collect late. */
export function createPageMemory(): PageMemory {
  const free: PageBytes[] = [];
  return {
    take: () => free.pop() ?? createPageBytes(),
    giveBack: (bytes) => {
      // One that has grown for a page of very long names need not stay.
      if (bytes.page().buffer.byteLength <= 4 * usualPage) free.push(bytes);
    },
  };
}

function createPageBytes(): PageBytes {
  let memory = Buffer.allocUnsafeSlow(usualPage);
  let length = 0;

  function append(piece: Uint8Array): void {
    if (length + piece.length > memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(2 * memory.length, length + piece.length));
      memory.copy(larger, 0, 0, length);
      memory = larger;
    }
    memory.set(piece, length);
    length += piece.length;
  }

  async function keep(body: Readable | Uint8Array): Promise<void> {
    length = 0;
    if (body instanceof Uint8Array) return append(body);
    for await (const piece of body as AsyncIterable<Buffer>) {
      if (length + piece.length <= longestPage) append(piece);
      else {
        body.destroy();
        throw new StepError("unknown", `a page of the listing has more than ${longestPage} bytes`, {
          advice: "its paging does not work: report it to the provider",
        });
      }
    }
  }

  return {
    page: () => memory.subarray(0, length),
    middleware: (next) => async (call) => {
      const answered = await next(call);
      const response = answered.response as { readonly statusCode: number; body: Readable | Uint8Array };
      if (response.statusCode === 200) {
        await keep(response.body);
        response.body = new Uint8Array();
      }
      return answered;
    },
  };
}

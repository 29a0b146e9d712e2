import type { PartSettings } from "./upload-parts.ts";

export interface StoredObject {
  /** Whole, from the top of the bucket or folder. */
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

/** A destination as a place of single objects, each of which is there whole or not at all. Keys are plain names, joined by slashes. */
export interface ObjectStore {
  readonly url: (key: string) => string;
  /** Everything below a folder, which is written without a slash at its end; nothing where there is no such folder. */
  readonly list: (folder: string) => AsyncIterable<StoredObject>;
  /** What a listing shows under this very key. */
  readonly find: (key: string) => Promise<StoredObject | null>;
  /** @param expectedBytes what the listing says; @throws StepError `verification` when it is not so many */
  readonly read: (key: string, expectedBytes: number) => AsyncIterable<Buffer>;
  /**
   * Takes the place of what had the key, when the stream has come to its end, and leaves nothing when it fails. The stream's chunks are used
   * up: their memory may be given back at once.
   * @returns its size
   */
  readonly write: (key: string, bytes: AsyncIterable<Buffer>, settings: PartSettings) => Promise<number>;
  readonly writeText: (key: string, text: string) => Promise<void>;
  /** Removes what a `write` of this key has left, whole or not, with all that the bucket hides. There may be nothing. */
  readonly discard: (key: string) => Promise<void>;
  /** Keys of writes that were never finished, below a folder. */
  readonly unfinished: (folder: string) => AsyncIterable<string>;
  /** Removes what an unfinished `write` of this key has left, and nothing else. */
  readonly discardUnfinished: (key: string) => Promise<void>;
  readonly close: () => void;
}

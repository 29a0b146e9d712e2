/** A place for copies, looked at without the tool that copies: what it shows is proof. */
export interface Destination {
  /** Looks whether it is there, lets us in and has room; changes nothing. */
  readonly probe: () => Promise<void>;
  /** Everything below a prefix; names are relative to it, as `objectName` writes them. */
  readonly list: (prefix: string) => AsyncIterable<StoredFile>;
  /** Everything whose whole name begins with a text, e.g. `backups/db-`, also in the middle of a name; names are whole. */
  readonly listFrom: (start: string) => AsyncIterable<StoredFile>;
  /**
   * Folders whose whole name begins with a text, one level deep: `backups/db-` finds `backups/db-1`. Costs no look into them.
   * Names are whole, without a slash at their end.
   */
  readonly foldersFrom: (start: string) => AsyncIterable<string>;
  /** What a bucket that keeps versions still has of everything whose name begins with a text, delete markers too; elsewhere 0. */
  readonly countVersions: (start: string) => Promise<number>;
  /** Removes everything below a prefix, which must not be empty. What is gone already is no failure. */
  readonly removeBelow: (prefix: string, removal: Removal) => Promise<void>;
  /** Removes one file by its whole name. What is gone already is no failure. */
  readonly removeFile: (name: string, removal: Removal) => Promise<void>;
  readonly url: (prefix: string) => string;
  readonly close: () => void;
}

export interface Removal {
  /** In a bucket that keeps versions: all of them, delete markers too, instead of hiding the newest. Elsewhere there are none. */
  readonly versions: boolean;
}

export interface StoredFile {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
}

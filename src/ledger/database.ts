/** What may be bound to a `?`. Never undefined: SQLite has no such thing, and a forgotten field must not become NULL by accident. */
export type Value = string | number | Buffer | null;

/** One open connection: as little of SQLite as the ledger needs. Values are bound, never written into the SQL. Throws what SQLite throws. */
export interface Database {
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  all<Row>(sql: string, ...values: Value[]): Row[];
  /** @returns how many rows were changed */
  run(sql: string, ...values: Value[]): number;
  /** Several statements without values. */
  exec(sql: string): void;
  /** All or nothing. Takes the write lock at once, so that nothing read inside can be overtaken. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** Opens a file. */
export type Connect = (target: string, options?: { readonly readOnly?: boolean }) => Database;

/** Where the ledger is kept now. The connection may be another one at the next call: files are moved aside, writers come and go. */
export interface Source {
  current(): Database;
  /** Work that only reads, and may be done twice when a writer comes or leaves in its midst. */
  read<T>(work: (database: Database) => T): T;
  /** Counts the connections that have been opened; what was remembered about an earlier one is void. */
  generation(): number;
  sizeBytes(): number;
  close(): void;
}

/**
 * `durable`: survives a loss of power when the call returns. `relaxed`: survives the death of this process at once, a loss of power
 * from the next durable write on; three times as fast.
 */
export type Durability = "durable" | "relaxed";

/** How the rooms of the ledger reach the connection. */
export interface Store {
  read<T>(work: (database: Database) => T): T;
  /** One transaction. */
  write<T>(durability: Durability, work: (database: Database) => T): T;
  generation(): number;
}

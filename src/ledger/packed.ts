import { deflateRawSync, inflateRawSync } from "node:zlib";

/**
 * What steps of a million runs repeat: the field names that runners use in their evidence, and how paths and times are written. It is part of
 * the format: never changed, only joined by another one in a later version of the schema. Likeliest last, as zlib wants it.
 */
const dictionary = Buffer.from(
  [
    '"exit_code":0,"stdout":"","destination":"","prefix":"","objects":0,"command":"","removed":["","kept":["","policy":"","dry_run":false',
    '["/data/","/home/","/var/lib/","/srv/","/mnt/"]',
    '{"path":"/.snapshots/.20261121T000000Z","name":".20261121T000000Z","uuid":"01234567-89ab-4cde-","parent_uuid":"","created_at":"2026-01-01T00:00:00.000Z"}',
    '{"snapshot_id":"0123456789abcdef","repository":"","host":"","paths":["/"],"files":1,"bytes":1,"bytes_added":1,"files_new":1,"files_changed":1,"files_unmodified":1,"duration_seconds":1.',
  ].join(" "),
);

/** Most of what is packed has some hundred bytes: the usual 16 KB for each would make the garbage collector work longer than zlib. */
const chunkSize = 1024;

/** JSON in a fifth to a third of its bytes, in about 30 µs. Null for what says nothing: null, an empty list or object. */
export function pack(value: object | string | null): Buffer | null {
  if (value === null || (typeof value === "object" && Object.keys(value).length === 0)) return null;
  return deflateRawSync(JSON.stringify(value), { dictionary, level: 9 });
}

export function unpack<T>(packed: Buffer | null, whenNull: T): T {
  return packed === null ? whenNull : JSON.parse(inflateRawSync(packed, { dictionary, chunkSize }).toString());
}

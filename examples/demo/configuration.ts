/** What the configuration says of the stage. */
export interface Places {
  readonly root: string;
  /** The folder that is protected: a Btrfs subvolume where that is possible. */
  readonly source: string;
  /** Folder for read-only snapshots; null: the source is a plain folder. */
  readonly snapshots: string | null;
  readonly s3: { readonly endpoint: string } | null;
}

/** The demo's configuration: short enough to be read on one screen. What the stage lacks is left out. */
export function demoConfiguration({ root, source, snapshots, s3 }: Places): string {
  const from = snapshots ? '"${snap.path}"' : source;
  return `host: demo
state_directory: ${root}/state
timezone: UTC

retention:
  short: { daily: 7, weekly: 4, monthly: 12 }
${
  snapshots
    ? `
subvolumes:
  documents: { path: ${source}, snapshots: ${snapshots}, retention: short }
`
    : ""
}
repositories:
  local:
    repository: ${root}/restic
    password: { file: ${root}/restic.password }
    retention: short
    initialize: true
${
  s3
    ? `
destinations:
  bucket:
    type: s3
    endpoint: ${s3.endpoint}
    bucket: demo-backups
    access_key_id: { file: ${root}/s3.key-id }
    secret_access_key: { file: ${root}/s3.key }
`
    : ""
}
jobs:
  documents:
    schedule: "0 2 * * *"
    scheduler: external
    deadline: 10m
    steps:
${snapshots ? "      - { id: snap, uses: snapshot.btrfs, subvolume: documents }\n" : ""}      - { id: restic, uses: backup.restic, repository: local, from: ${from} }
${s3 ? `      - { id: bucket, uses: backup.rclone, from: ${from}, to: bucket, prefix: "documents-\${run.timestamp}" }\n` : ""}${
  snapshots ? "      - { uses: prune.snapshots, subvolume: documents }\n" : ""
}      - { uses: forget.restic, repository: local }

  long-copy: # something that takes its time, to be killed
    scheduler: external
    steps:
      - { id: copy, uses: command, argv: [sleep, "300"] }

objectives:
  documents: { jobs: [documents], rpo: 26h }
`;
}

import { dirname, join } from "node:path";

export interface Answers {
  readonly host: string;
  readonly source: string;
  readonly isSubvolume: boolean;
  /** As restic's -r takes it. */
  readonly repository: string;
  readonly passwordFile: string;
  readonly stateDirectory: string;
}

/**
 * Variables by which restic gets the keys of a bucket, with the names of the files that hold them; of other places none.
 * https://restic.readthedocs.io/en/stable/030_preparing_a_new_repo.html (2026-11)
 */
export function keysFor(repository: string): readonly (readonly [variable: string, file: string])[] {
  if (repository.startsWith("s3:"))
    return [
      ["AWS_ACCESS_KEY_ID", "s3.key-id"],
      ["AWS_SECRET_ACCESS_KEY", "s3.key"],
    ];
  if (repository.startsWith("b2:"))
    return [
      ["B2_ACCOUNT_ID", "b2.key-id"],
      ["B2_ACCOUNT_KEY", "b2.key"],
    ];
  return [];
}

/** Lies beside the configuration. */
export const schemaFile = "pantheros.schema.json";

/** The text of a first configuration: every line that a person may want to change says why it is there. */
export function firstConfiguration(answers: Answers): string {
  const { host, source, isSubvolume, repository, passwordFile, stateDirectory } = answers;
  const text = JSON.stringify;
  const snapshots = `${source === "/" ? "" : source}/.snapshots`;
  return `# pantheros: what is promised, and how it is made true.
# Check it after every change:  pantheros config check
# Editors complete it with the schema beside it; after an update:  pantheros config schema > ${schemaFile}
# yaml-language-server: $schema=./${schemaFile}

host: ${text(host)}
state_directory: ${text(stateDirectory)}

# What is kept. Newest first, one per period; ISO weeks. "pantheros status" says whether it is true.
retention:
  standard: { daily: 7, weekly: 4, monthly: 12 }
${
  isSubvolume
    ? `
# Btrfs subvolumes, with the folder that receives their read-only snapshots.
subvolumes:
  data:
    path: ${text(source)}
    snapshots: ${text(snapshots)}
    retention: standard
`
    : ""
}
# restic repositories. Secrets are never written here, only where they are read from: {file: …}, {credential: …} or {environment: …}.
repositories:
  main:
    repository: ${text(repository)}
    password: { file: ${text(passwordFile)} }
${environmentOf(answers)}\
    retention: standard
    initialize: true # create it on the first run

jobs:
  backup:
    # Who starts it, at what time, is said once: a systemd timer or cron ("external"), or "pantheros up" ("internal").
    schedule: "0 2 * * *"
    scheduler: internal
    grace: 2h # later than this without a success, it is overdue
    deadline: 8h # a run that lasts longer is ended
    steps:
${isSubvolume ? "      - { id: snap, uses: snapshot.btrfs, subvolume: data }\n" : ""}\
      # A restic that was killed leaves its lock behind, and every later run fails. Only locks of the dead are removed.
      - { id: unlock, uses: restic.unlock, repository: main }
${
  isSubvolume
    ? `      # From the snapshot, not from the live folder: nothing changes while it is read.
      - { id: copy, uses: backup.restic, repository: main, from: "\${snap.path}" }
      - { id: prune, uses: prune.snapshots, subvolume: data }
`
    : `      - { id: copy, uses: backup.restic, repository: main, from: ${text(source)} }
`
}      - { id: forget, uses: forget.restic, repository: main }

# What may be lost at most. Measured against what really exists.
objectives:
  data: { jobs: [backup], rpo: 26h }

outputs:
  prometheus: { listen: "127.0.0.1:9471" }
  # dogstatsd: { address: "udp://127.0.0.1:8125" }
`;
}

function environmentOf({ repository, passwordFile }: Answers): string {
  const keys = keysFor(repository).map(
    ([variable, file]) => `      ${variable}: { file: ${JSON.stringify(join(dirname(passwordFile), file))} }\n`,
  );
  return keys.length === 0 ? "" : `    environment:\n${keys.join("")}`;
}

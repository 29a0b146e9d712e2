import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { byTurns, median } from "./measure.ts";
import { published, requirePublished, runProgram } from "./program.ts";
import { atMost, type Benchmark, milliseconds, plain, times } from "./row.ts";

const rounds = 20;
const files = 500;

/** What a restic backup costs more when it is a job: `pantheros run` beside the bare `restic backup` of the same folder. */
export const wrap: Benchmark = {
  name: "wrap",
  needs: ["restic"],
  async run({ directory, note }) {
    requirePublished();
    const source = join(directory, "source");
    mkdirSync(source);
    for (let n = 0; n < files; n += 1) writeFileSync(join(source, `file-${n}`), `content ${n}\n`.repeat(1000));
    const password = join(directory, "password");
    writeFileSync(password, "correct horse battery staple\n", { mode: 0o600 });
    const state = join(directory, "state");
    const repository = join(directory, "repository");
    const config = join(directory, "pantheros.yaml");
    writeFileSync(
      config,
      JSON.stringify({
        host: "bench",
        state_directory: state,
        repositories: { vault: { repository, password: { file: password }, initialize: true } },
        jobs: { backup: { steps: [{ uses: "backup.restic", from: source, repository: "vault" }] } },
      }),
    );
    const environment = {
      RESTIC_REPOSITORY: repository,
      RESTIC_PASSWORD_FILE: password,
      RESTIC_CACHE_DIR: join(directory, "cache"),
    };
    const restic = (...args: string[]) => runProgram(["restic", ...args], { environment });
    const pantheros = () => runProgram([process.execPath, published, "run", "backup", "--config", config]);
    await pantheros();
    note(`${rounds} backups of each`);
    const wall = await byTurns(rounds, {
      bare: () => restic("backup", "--json", source),
      ours: pantheros,
    });
    const [bare, ours] = [median(wall.bare), median(wall.ours)];
    const how = `Medians of ${rounds} of each, by turns, of the same ${files} unchanged files into the same local repository.`;
    return [
      plain(`restic backup, ${files} files`, milliseconds(bare), how),
      plain("pantheros run with that one step", `${milliseconds(ours)}, ${times(ours / bare)}`, how),
      atMost(
        "overhead over the bare backup, journal and proof included (resticprofile: +48 ms)",
        { value: ours - bare, limit: 150, write: (ms) => `+${milliseconds(ms)}` },
        {
          how: "The difference. restic is started once: its version is remembered, and the snapshot is proven by its file. resticprofile proves nothing and keeps no journal.",
        },
      ),
    ];
  },
};

/** Runs one benchmark, in the folder that is named, and prints its rows as JSON: `run.ts` starts this for each. */
import { benchmarks } from "./index.ts";

const [name, directory = ""] = process.argv.slice(2);
const benchmark = benchmarks.find((candidate) => candidate.name === name);
if (!benchmark) throw new Error(`there is no benchmark ${name}`);
const rows = await benchmark.run({ directory, note: (text) => process.stderr.write(`  ${text}\n`) });
process.stdout.write(JSON.stringify(rows), () => process.exit(0));

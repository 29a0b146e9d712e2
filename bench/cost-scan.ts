/** Scans the bucket of a server as the collector `cost` does in the engine: `cost.ts` starts this, beside rclone. */
import { favourMemory } from "../src/commands/memory.ts";
import { Secret } from "../src/model/secret.ts";
import { createS3 } from "../src/tools/s3/s3.ts";
import { scanBucket } from "../src/tools/s3/scan.ts";

favourMemory("looking");
const [endpoint = "", expected] = process.argv.slice(2);
const secret = new Secret("none", "the benchmark");
const s3 = createS3({ endpoint, region: "us-east-1", accessKeyId: secret, secretAccessKey: secret });
const nothing = () => undefined;
const { progress, failure } = await scanBucket({
  ...{ s3, place: { bucket: "bucket" }, scope: ["data/"], parts: ["data/"], resume: null, now: 0 },
  ...{ save: nothing, mayGoOn: nothing },
});
if (failure !== null || progress.entries !== Number(expected)) throw failure ?? new Error(`saw ${progress.entries}`);
s3.close();

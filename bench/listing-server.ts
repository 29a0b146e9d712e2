/** Serves the listings of a bucket of so many entries until it is ended, in a process of its own: `cost.ts` starts this. */
import { startListingServer } from "../test/support/listing-server.ts";

const { endpoint } = await startListingServer({ after: () => undefined }, Number(process.argv[2]));
process.stdout.write(`${endpoint}\n`);

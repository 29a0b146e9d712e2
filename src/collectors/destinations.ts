import { claimOf } from "../model/run/claim.ts";
import { toStepError } from "../model/run/outcome.ts";
import type { Artifact, Sample } from "../model/samples/sample.ts";
import { withDestination } from "../tools/destinations/open-destination.ts";
import { asOne, type Collected, type CollectorContext, defineCollector } from "./collector.ts";

/**
 * Looks at destinations without the tool that copies: what the jobs claim as their newest there is listed, and nothing else, so that a
 * look costs a few requests, not a walk through the bucket.
 */
export const destinations = defineCollector({
  name: "destinations",
  summary: "Whether the newest artifacts that jobs claim at the destinations are really there, whole.",
  every: 3600,
  timeout: 600,
  async collect(context) {
    const names = Object.keys(context.config.destinations);
    return asOne(await Promise.all(names.map((name) => look(name, context))));
  },
});

async function look(destination: string, context: CollectorContext): Promise<Collected> {
  const names = namesClaimedAt(destination, context);
  try {
    const artifacts: Artifact[] = await withDestination(destination, context, async (opened) => {
      if (names.length === 0) await opened.probe();
      const seen: Artifact[] = [];
      for (const name of names) {
        let files = 0;
        let bytes = 0;
        for await (const { name: found, size } of opened.listFrom(name)) {
          // Beside an object lies what only begins like it: its manifest.
          if (!name.endsWith("/") && name !== "" && found !== name) continue;
          files += 1;
          bytes += size;
        }
        if (files > 0) seen.push({ subject: destination, name, at: context.now, files, bytes });
      }
      return seen;
    });
    const labels = { destination };
    return {
      samples: [
        { metric: "destinationReachable", labels, value: 1 },
        { metric: "destinationArtifacts", labels, value: artifacts.length },
      ],
      artifacts,
    };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const unreachable: Sample = { metric: "destinationReachable", labels: { destination }, value: 0 };
    return { samples: [unreachable], problems: [`${destination}: ${toStepError(error).message}`] };
  }
}

function namesClaimedAt(destination: string, { ledger }: CollectorContext): string[] {
  const claims = ledger.lastSteps().map(claimOf);
  const names = claims.flatMap((claim) =>
    claim?.kind === "destination" && claim.subject === destination ? [claim.name] : [],
  );
  return [...new Set(names)];
}

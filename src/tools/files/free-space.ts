import { formatBytes } from "../../model/quantity.ts";
import { StepError } from "../../model/run/outcome.ts";
import { usageOf } from "./filesystem.ts";

/**
 * Before much is written into a folder: a disk that runs full hurts others as well.
 * @throws StepError `space`
 */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const { availableBytes } = await usageOf(folder);
  if (availableBytes > bytes) return;
  throw new StepError("space", `${formatBytes(bytes)} do not fit into ${folder}: ${formatBytes(availableBytes)} free`, {
    advice: "make room there, or set scratch_directory to a larger disk",
  });
}

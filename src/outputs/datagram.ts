import type { MetricDefinition } from "../model/metrics/definition.ts";
import { metrics, toDatadogUnit } from "../model/metrics.ts";
import { type Sample, valueAt } from "../model/samples/sample.ts";

/**
 * The lines of the DogStatsD protocol, as Datadog documents them
 * (docs.datadoghq.com, "Datagram Format and Shell Usage", November 2026). Pure: sockets are in `dogstatsd.ts`.
 */
export interface DatadogEvent {
  readonly title: string;
  /** May have several lines. */
  readonly text: string;
  readonly alertType: "info" | "success" | "warning" | "error";
  /** Seconds since the epoch. @default the moment the Agent receives it */
  readonly at?: number;
  /** Events with the same key are shown as one. */
  readonly aggregationKey?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Default of the Agent's `dogstatsd_buffer_size`: it cuts off what is longer. */
export const longestDatagram = 8192;

/** Datadog's limits for the parts of an event, applied to bytes, which is never more. */
const longestTitle = 100;
const longestText = 4000;

/**
 * `name:value|type|#tags`, in Datadog's name and unit. A counter's value is sent as the increment that it is given as.
 * @param hostTag value of the `host` tag; null: the Agent adds its own
 * @param now seconds since the epoch, for samples that are ages
 * @returns null when there is no finite value, or the catalogue does not know the metric
 */
export function metricLine(sample: Sample, hostTag: string | null, now: number): string | null {
  const definition: MetricDefinition | undefined = metrics[sample.metric];
  if (definition === undefined) return null;
  const value = toDatadogUnit(definition, valueAt(sample, now));
  if (!Number.isFinite(value)) return null;
  const labels: Readonly<Record<string, string | undefined>> = sample.labels;
  const tags = tagsOf(
    hostTag,
    definition.labels.map((label) => [label, labels[label] ?? ""] as const),
  );
  return `${definition.datadog}:${formatNumber(value)}|${definition.type === "counter" ? "c" : "g"}${tags}`;
}

/** `_e{title bytes,text bytes}:title|text|d:time|k:key|t:type|#tags` */
export function eventLine(event: DatadogEvent, hostTag: string | null): string {
  const title = eventText(event.title, longestTitle);
  const text = eventText(event.text, longestText);
  const fields = [`_e{${Buffer.byteLength(title)},${Buffer.byteLength(text)}}:${title}`, text];
  if (event.at !== undefined) fields.push(`d:${Math.round(event.at)}`);
  if (event.aggregationKey !== undefined) fields.push(`k:${clean(event.aggregationKey)}`);
  fields.push(`t:${event.alertType}`);
  return fields.join("|") + tagsOf(hostTag, Object.entries(event.tags ?? {}));
}

/** Lines joined into as few packets as their size allows; a line is never cut. @param limit bytes of a packet */
export function packetsOf(lines: readonly string[], limit: number): readonly string[] {
  const packets: string[] = [];
  let packet: string[] = [];
  let size = 0;
  for (const line of lines) {
    const bytes = Buffer.byteLength(line) + 1;
    if (packet.length > 0 && size + bytes - 1 > limit) {
      packets.push(packet.join("\n"));
      packet = [];
      size = 0;
    }
    packet.push(line);
    size += bytes;
  }
  if (packet.length > 0) packets.push(packet.join("\n"));
  return packets;
}

/** Six decimals at most (a percent of a gigabyte to the byte, an hour to the hundredth second), and never an exponent. */
function formatNumber(value: number): string {
  if (Math.abs(value) >= 1e21) return BigInt(value).toString();
  return String(Number(value.toFixed(6)));
}

function tagsOf(hostTag: string | null, tags: readonly (readonly [key: string, value: string])[]): string {
  const all = hostTag === null ? tags : [["host", hostTag] as const, ...tags];
  return all.length === 0 ? "" : `|#${all.map(([key, value]) => `${key}:${clean(value)}`).join(",")}`;
}

/** Characters that end a tag, a field or a line become an underscore, as Datadog does with what a tag may not hold. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll(/[,|#\p{Cc}]/gu, "_");
}

/** Lines are joined by the documented `\n`; a pipe becomes a broken bar, since some receivers split there in spite of the lengths. */
function eventText(text: string, limit: number): string {
  const escaped = text
    .toWellFormed()
    .trim()
    .replaceAll(/\r\n?|\n/g, "\\n")
    .replaceAll("|", "¦");
  const { read } = new TextEncoder().encodeInto(escaped, new Uint8Array(limit));
  return read === escaped.length ? escaped : escaped.slice(0, read).replace(/\\$/, "");
}

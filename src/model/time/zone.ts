/** Wall-clock time of one timezone as arithmetic on seconds. */
export interface Zone {
  /** IANA name. */
  readonly timezone: string;
  /** Seconds to add to UTC at a moment to get the local time. @param at seconds since the epoch */
  readonly offsetAt: (at: number) => number;
  /**
   * The first moment (seconds since the epoch) at which local clocks show a time; where a change of the clocks skips that time,
   * the moment of the change.
   * @param local local time as if it were UTC, in seconds
   */
  readonly instantOf: (local: number) => number;
}

/** A piece of the time line that holds at most one change of the clocks. */
interface Span {
  readonly offset: number;
  /** When the clocks change; Infinity: they do not in this span. */
  readonly changeAt: number;
  readonly offsetAfter: number;
}

/**
 * 2^18 s, three days. Changes of one zone's clocks have never been nearer than 6 days since 1970 (America/Noronha in October 2000;
 * tz database 2026c, all zones looked at), so a span whose two ends agree holds no change.
 */
const spanSeconds = 262_144;
const day = 86_400;

/**
 * Asks Intl only where a timestamp falls, once per span, and remembers the answers for the life of the object: a hundred thousand
 * timestamps cost a thousand questions.
 * @throws RangeError when the timezone is unknown
 */
export function zoneOf(timezone: string): Zone {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  const ask = (at: number): number => parseOffset(format.format(at * 1000));
  const edges = new Map<number, number>();
  const spans = new Map<number, Span>();
  let recentIndex = Number.NaN;
  let recent: Span = { offset: 0, changeAt: 0, offsetAfter: 0 };

  function offsetAtEdge(index: number): number {
    const offset = edges.get(index) ?? ask(index * spanSeconds);
    edges.set(index, offset);
    return offset;
  }

  function spanAt(at: number): Span {
    const index = Math.floor(at / spanSeconds);
    if (index === recentIndex) return recent;
    let span = spans.get(index);
    if (span === undefined) {
      span = lookInto(index * spanSeconds, offsetAtEdge(index), offsetAtEdge(index + 1), ask);
      spans.set(index, span);
    }
    recentIndex = index;
    recent = span;
    return span;
  }

  function offsetAt(at: number): number {
    const span = spanAt(at);
    return at < span.changeAt ? span.offset : span.offsetAfter;
  }

  function instantOf(local: number): number {
    const offset = offsetAt(local - day);
    const offsetAfter = offsetAt(local + day);
    const early = local - offset;
    if (offset === offsetAfter || offsetAt(early) === offset) return early;
    const late = local - offsetAfter;
    if (offsetAt(late) === offsetAfter) return late;
    const { changeAt } = spanAt(late);
    return changeAt > late && changeAt !== Number.POSITIVE_INFINITY ? changeAt : spanAt(early).changeAt;
  }

  return { timezone, offsetAt, instantOf };
}

function lookInto(from: number, offset: number, offsetAfter: number, ask: (at: number) => number): Span {
  if (offset === offsetAfter) return { offset, changeAt: Number.POSITIVE_INFINITY, offsetAfter };
  let before = from;
  let changeAt = from + spanSeconds;
  while (changeAt - before > 1) {
    const middle = Math.floor((before + changeAt) / 2);
    if (ask(middle) === offset) before = middle;
    else changeAt = middle;
  }
  return { offset, changeAt, offsetAfter };
}

/** Reads `11/21/2026, GMT+05:45`; historical offsets have seconds, UTC is a bare `GMT`. */
function parseOffset(text: string): number {
  const match = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (match === null) throw new RangeError(`no offset in ${JSON.stringify(text)}`);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = match;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

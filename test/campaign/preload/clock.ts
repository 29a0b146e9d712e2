/** Loaded before pantheros (`node --import`): its wall clock is wrong, and may jump while it runs. The monotonic clock is not touched, as in reality. */
interface Fault {
  /** Milliseconds that its clock is ahead of the machine's. */
  readonly offset: number;
  /** A jump: so many milliseconds after the start, by so many milliseconds. */
  readonly jump?: { readonly after: number; readonly by: number };
}

const { offset, jump }: Fault = JSON.parse(process.env["PANTHEROS_CAMPAIGN"] ?? "{}");
const real = Date.now;
const wrong = () => real() + offset + (jump && performance.now() > jump.after ? jump.by : 0);

globalThis.Date = class extends Date {
  constructor(...args: unknown[]) {
    super(...((args.length === 0 ? [wrong()] : args) as [number]));
  }
  static override now(): number {
    return wrong();
  }
} as DateConstructor;

/** US dollars as a person reads them: `$3.91`, `$0.0042`; what is less than a hundredth of a cent is `<$0.0001`. */
export function formatUsd(amount: number): string {
  if (amount < 0) return `-${formatUsd(-amount)}`;
  if (amount >= 0.1 || amount === 0) return `$${amount.toFixed(2)}`;
  return amount < 0.0001 ? "<$0.0001" : `$${Number(amount.toPrecision(2)).toFixed(4)}`;
}

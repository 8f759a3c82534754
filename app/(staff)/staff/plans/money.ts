/** "€49.00" from 4,900 cents; as many decimals as the currency has. */
export function formatMoney(minor: number, currency: string): string {
  return new Intl.NumberFormat("en-GB", { style: "currency", currency }).format(minor / scaleOf(currency));
}

export function toMinor(amount: number, currency: string): number {
  return Math.round(amount * scaleOf(currency));
}

export function fromMinor(minor: number, currency: string): number {
  return minor / scaleOf(currency);
}

function scaleOf(currency: string): number {
  try {
    const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
    return 10 ** (maximumFractionDigits ?? 2);
  } catch {
    // Half-typed in a form.
    return 100;
  }
}

/** Names of devices in DNS: `<label>.<tenant>.<zone>`. */
import type { TenantScope } from "../core/db";
import { transliterate } from "../core/transliterate";

/** The name as a label of DNS (RFC 1035, 2.3.1), in letters that everybody can type, short enough for a number. */
export function labelOf(name: string): string {
  const plain = transliterate(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  return plain.slice(0, 50).replace(/^-+|-+$/g, "") || "device";
}

/**
 * The name's label, with the first number from 2 that makes it the device's own within the tenant. Two hyphens stand before
 * the number, which no name's label has: the second `Kran` is never called as the device of the name `Kran 2` is. One that
 * it has and that fits the name stays. Call under the tenant's lock.
 */
export async function chooseLabel(
  { tx, tenantId }: TenantScope,
  name: string,
  own?: { id: string; label: string },
): Promise<string> {
  const base = labelOf(name);
  if (own && isNumbered(own.label, base)) return own.label;
  const rows = await tx.device.findMany({
    where: { tenantId, label: { startsWith: base }, ...(own ? { id: { not: own.id } } : {}) },
    select: { label: true },
  });
  const taken = new Set(rows.map(({ label }) => label));
  if (!taken.has(base)) return base;
  for (let number = 2; ; number++) if (!taken.has(`${base}--${number}`)) return `${base}--${number}`;
}

const isNumbered = (label: string, base: string) =>
  label === base || (label.startsWith(`${base}--`) && /^\d+$/.test(label.slice(base.length + 2)));

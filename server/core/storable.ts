/** Whether PostgreSQL can keep every text in it, names included: none has a NUL or half a surrogate pair. */
export function isStorable(value: unknown): boolean {
  if (typeof value === "string") return !value.includes("\0") && !halfPair.test(value);
  if (Array.isArray(value)) return value.every(isStorable);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner));
}

/** With the `u` flag a whole pair is one character, and no surrogate. */
const halfPair = /\p{Surrogate}/u;

/**
 * Client-supplied text made fit for logs, events and screens: no control, format or line-breaking characters (they forge
 * log lines and turn text around), a bounded length.
 */
export function clean(text: string, maxLength = 128): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, "_");
  const characters = [...shown.slice(0, maxLength * 2)];
  return characters.length > maxLength ? `${characters.slice(0, maxLength - 1).join("")}…` : characters.join("");
}

/** A version or a platform: a short word of plain characters, or null. */
export function cleanWord(text: string | undefined, maxLength = 32): string | null {
  const word = (text ?? "").replace(/[^\w.+-]/g, "_").slice(0, maxLength);
  return word === "" ? null : word;
}

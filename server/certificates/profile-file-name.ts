import { transliterate } from "../core/transliterate";

/** A half of the name each, so that the longer one does not cut away what tells two files apart. */
const maxLetters = 30;

/**
 * `acme-field-service-dana-fox.ovpn`: what every system takes for a file's name. It tells whose it is and of which tenant,
 * in names of any script, for some people have several.
 * @param holderName the account's or the device's
 * @param isForOldClient says so at the end: `…-openvpn-2-4.ovpn`
 */
export function profileFileName(tenantName: string, holderName: string, isForOldClient = false): string {
  const names = [tenantName, holderName].map(wordsOf);
  const words = [...names, isForOldClient ? "openvpn-2-4" : ""].filter((part) => part !== "");
  return `${words.join("-") || "drawbridge"}.ovpn`;
}

function wordsOf(name: string): string {
  const words = transliterate(name)
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  return (words ?? []).join("-").slice(0, maxLetters).replace(/-$/, "");
}

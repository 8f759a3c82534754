import type { PolicyRule } from "@/gateway/protocol/document";

export interface DeviceLink {
  label: string;
  href: string;
}

/** What can be opened from here, by the ports that programs are known to listen on. */
export function deviceLinks(host: string, rules: readonly PolicyRule[]): DeviceLink[] {
  return known
    .filter(({ port }) => rules.some((rule) => isOpen(rule, port)))
    .map(({ label, scheme, port, isDefault }) => ({
      label,
      href: `${scheme}://${host}${isDefault ? "" : `:${port}`}`,
    }));
}

/** A rule for every port opens all of them, and says nothing about which of them the device has. */
function isOpen({ protocol, from, to }: PolicyRule, port: number): boolean {
  return protocol === "tcp" && from !== null && port >= from && port <= (to ?? from);
}

const known = [
  { port: 80, scheme: "http", label: "http", isDefault: true },
  { port: 443, scheme: "https", label: "https", isDefault: true },
  { port: 8080, scheme: "http", label: "http 8080", isDefault: false },
  { port: 22, scheme: "ssh", label: "ssh", isDefault: true },
];

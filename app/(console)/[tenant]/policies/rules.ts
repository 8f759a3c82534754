/**
 * A policy's rules as people write them: a line a protocol, its ports and ranges after each other. Pure; the server checks
 * again.
 */
import type { PolicyRule, Protocol } from "@/gateway/protocol/document";

export interface RuleLine {
  protocol: Protocol;
  /** "22, 80, 8000-8099", or "any". For icmp it is not read. */
  ports: string;
}

export type Ports = { ranges: { from: number; to: number }[] | "any" } | { problem: string };

export function parsePorts(text: string): Ports {
  if (/^\s*(any|all|\*)\s*$/i.test(text)) return { ranges: "any" };
  const pieces = text.split(/[\s,;]+/).filter(Boolean);
  if (pieces.length === 0) return { problem: "Give ports, such as 22, 80 or 8000-8099, or write any." };
  const ranges: { from: number; to: number }[] = [];
  for (const piece of pieces) {
    const match = /^(\d{1,9})(?:[-–:](\d{1,9}))?$/.exec(piece);
    if (!match) return { problem: `“${piece}” is no port. Write 22, or a range such as 8000-8099.` };
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    for (const port of [from, to])
      if (port < 1 || port > 65535) return { problem: `${port} is no port: they go from 1 to 65535.` };
    if (from > to) return { problem: `${from}-${to} runs backwards. Did you mean ${to}-${from}?` };
    ranges.push({ from, to });
  }
  return { ranges };
}

/** @throws on a line that `parsePorts` has a problem with; duplicates are taken out */
export function rulesOf(lines: readonly RuleLine[]): PolicyRule[] {
  const rules = lines.flatMap(({ protocol, ports }): PolicyRule[] => {
    if (protocol === "icmp") return [{ protocol, from: null, to: null }];
    const parsed = parsePorts(ports);
    if ("problem" in parsed) throw new RangeError(parsed.problem);
    if (parsed.ranges === "any") return [{ protocol, from: null, to: null }];
    return parsed.ranges.map((range) => ({ protocol, ...range }));
  });
  return rules.filter((rule, index) => rules.findIndex((other) => isSame(rule, other)) === index);
}

/** The lines that say what these rules say, for editing. */
export function linesOf(rules: readonly PolicyRule[]): RuleLine[] {
  return byProtocol(rules).map(({ protocol, ports }) => ({ protocol, ports: ports.join(", ") }));
}

/** "tcp 22, 80 · icmp" */
export function formatRules(rules: readonly PolicyRule[]): string {
  return byProtocol(rules)
    .map(({ protocol, ports }) =>
      ports.length > 0 ? `${protocol} ${ports.join(", ").replaceAll("-", "–")}` : protocol,
    )
    .join(" · ");
}

/** Each rule by itself: "tcp 22", "udp 500–510", "any tcp port", "icmp". */
export function ruleNames(rules: readonly PolicyRule[]): string[] {
  return byProtocol(rules).flatMap(({ protocol, ports }) =>
    ports.length === 0
      ? [protocol]
      : ports.map((port) => (port === "any" ? `any ${protocol} port` : `${protocol} ${port.replace("-", "–")}`)),
  );
}

function byProtocol(rules: readonly PolicyRule[]): { protocol: Protocol; ports: string[] }[] {
  return protocols
    .map((protocol) => ({ protocol, own: rules.filter((rule) => rule.protocol === protocol) }))
    .filter(({ own }) => own.length > 0)
    .map(({ protocol, own }) => ({
      protocol,
      ports:
        protocol === "icmp"
          ? []
          : own.some((rule) => rule.from === null)
            ? ["any"]
            : own
                .toSorted((a, b) => a.from! - b.from! || a.to! - b.to!)
                .map((rule) => (rule.from === rule.to ? `${rule.from}` : `${rule.from}-${rule.to}`)),
    }));
}

export const protocols = ["tcp", "udp", "icmp"] as const satisfies Protocol[];

function isSame(a: PolicyRule, b: PolicyRule): boolean {
  return a.protocol === b.protocol && a.from === b.from && a.to === b.to;
}

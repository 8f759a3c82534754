/**
 * Rules → lines of a chain: for each group one line a protocol, however many rules. A policy's rules are counted each by
 * itself; where rules overlap, a port counts for the first that allows it, as `decide` takes the first.
 */
import type { PolicyRule } from "../protocol/document";
import type { PolicyId } from "../protocol/ids";
import { type Line, mergeRanges, type Range, splitRanges } from "./ruleset";

/** @param policy the name of the policy whose rules are counted; none for grants */
export function compileLines(groups: string[], rules: readonly PolicyRule[], policy?: string): Line[] {
  return groups.flatMap((group) => {
    const lines: Line[] = [];
    for (const protocol of ["tcp", "udp"] as const) {
      const own = rules.filter((rule) => rule.protocol === protocol);
      if (own.length > 0) lines.push({ kind: "ports", group, protocol, ...portsOf(own, policy) });
    }
    const icmp = rules.find(({ protocol }) => protocol === "icmp");
    if (icmp) lines.push({ kind: "icmp", group, counters: policy ? [counterName(policy, icmp)] : [] });
    return lines;
  });
}

function portsOf(rules: readonly PolicyRule[], policy: string | undefined) {
  const wanted = rules.map(({ from, to }): Range => (from === null || to === null ? everyPort : [from, to]));
  const split = policy
    ? splitRanges(wanted).map(({ range, owner }) => ({ range, counter: counterName(policy, rules[owner]!) }))
    : mergeRanges(wanted).map((range) => ({ range, counter: undefined }));
  const [first] = split;
  const isEvery = split.length === 1 && first!.range[0] === everyPort[0] && first!.range[1] === everyPort[1];
  return {
    ranges: isEvery ? null : split.map(({ range }) => range),
    counters: split.flatMap(({ counter }) => counter ?? []),
  };
}

const everyPort: Range = [0, 65_535];

export const countersOf = (lines: readonly Line[]) =>
  new Set(lines.flatMap((line) => (line.kind === "ports" || line.kind === "icmp" ? line.counters : [])));

/** Named for what the rule says, so that a rule that stays keeps its counter wherever it moves in its policy. */
export function counterName(policy: string, { protocol, from, to }: PolicyRule): string {
  return from === null || to === null ? `${policy}_${protocol}` : `${policy}_${protocol}_${from}_${to}`;
}

/** Which rule's counter it is; undefined where the name is no rule's. */
export function ruleOfCounter(name: string): { tenant: number; policyId: PolicyId; rule: PolicyRule } | undefined {
  const match = /^p_(\d+)_(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})_(tcp|udp|icmp)(?:_(\d+)_(\d+))?$/.exec(name);
  if (!match) return undefined;
  const [from, to] = match[8] ? [Number(match[8]), Number(match[9])] : [null, null];
  const rule = { protocol: match[7] as PolicyRule["protocol"], from, to };
  return { tenant: Number(match[1]), policyId: match.slice(2, 7).join("-"), rule };
}

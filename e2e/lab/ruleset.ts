import type { LabTools } from "./network";

/**
 * A gateway's table as nft prints it, without what passes (the kernel alone writes who asked and what was refused) and what
 * is its host's.
 */
export async function listRuleset(lab: Pick<LabTools, "exec">, namespace: string): Promise<string> {
  const text = await lab.exec(namespace, ["nft", "list", "table", "inet", "drawbridge"]);
  return text.replace(new RegExp(`((?:set|map) (?:${passing.join("|")}) \\{[^{}]*)elements = \\{[^{}]*\\}`, "g"), "$1");
}

const passing = [
  ...["dns_askers", "refused", "refused_senders", "crowded", "person_flows", "tenant_flows", "udp_knockers"],
  ...["tcp_knockers", "answered", "stray_fronts", "learning", "uplinks_knocking", "own_interfaces"],
];

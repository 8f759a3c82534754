import type { LabTools } from "./network";

/** A gateway's table as nft prints it, without the elements that the kernel alone writes: who asked, what was refused. */
export async function listRuleset(lab: Pick<LabTools, "exec">, namespace: string): Promise<string> {
  const text = await lab.exec(namespace, ["nft", "list", "table", "inet", "drawbridge"]);
  return text.replace(
    /(set (?:dns_askers|refused|refused_senders|crowded|person_flows|tenant_flows|udp_knockers|tcp_knockers) \{[^{}]*)elements = \{[^{}]*\}/g,
    "$1",
  );
}

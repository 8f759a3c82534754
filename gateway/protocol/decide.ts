/**
 * The one decision: may this account reach this device on this port? The kernel rules are compiled from the same
 * document, "can X reach Y, and why not?" calls this function, and a property test holds the two together.
 */
import { isInside, parseAddress, parseCidr } from "./addresses";
import type { DeviceValue, PolicyRule, PolicyValue, Protocol, TenantDocument } from "./document";
import type { AccountId, DeviceId, PolicyId } from "./ids";

export interface Question {
  accountId: AccountId;
  deviceId: DeviceId;
  protocol: Protocol;
  /** Destination port; null for icmp. */
  port: number | null;
}

export type DenyCode =
  | "tenant_unknown"
  | "tenant_suspended"
  | "account_unknown"
  | "account_revoked"
  | "device_unknown"
  | "device_outside_networks"
  | "no_policy"
  | "port_not_allowed";

export type Decision = { allow: true; policyId: PolicyId } | { allow: false; code: DenyCode };

export function decide(document: TenantDocument, question: Question): Decision {
  if (!document.tenant) return deny("tenant_unknown");
  if (document.tenant.state !== "active") return deny("tenant_suspended");
  const account = document.accounts.get(question.accountId);
  if (!account) return deny("account_unknown");
  if (account.state !== "active") return deny("account_revoked");
  const device = document.devices.get(question.deviceId);
  if (!device) return deny("device_unknown");
  if (!isWhereItMayBe(document, device)) return deny("device_outside_networks");

  const reaching = account.policies
    .map((id) => [id, document.policies.get(id)] as const)
    .filter((pair): pair is readonly [PolicyId, PolicyValue] => pair[1]?.isEnabled === true)
    .filter(([, policy]) => policy.groups.some((group) => device.groups.includes(group)));
  if (reaching.length === 0) return deny("no_policy");
  const opening = reaching.find(([, policy]) => policy.rules.some((rule) => doesMatch(rule, question)));
  return opening ? { allow: true, policyId: opening[0] } : deny("port_not_allowed");
}

/** Behind the gateway only the tenant's networks are routed to it; a tunnel carries only addresses of its blocks. */
function isWhereItMayBe({ tenant, networks }: TenantDocument, { attachment, address }: DeviceValue): boolean {
  const ranges = attachment === "openvpn" ? tenant!.blocks : [...networks.values()].map(({ cidr }) => cidr);
  return ranges.some((cidr) => isInside(parseAddress(address), parseCidr(cidr)));
}

function doesMatch(rule: PolicyRule, { protocol, port }: Question): boolean {
  if (rule.protocol !== protocol) return false;
  if (protocol === "icmp" || rule.from === null || rule.to === null) return true;
  return port !== null && port >= rule.from && port <= rule.to;
}

function deny(code: DenyCode): Decision {
  return { allow: false, code };
}

/**
 * The one decision: may this account reach this device on this port? The kernel rules are compiled from the same
 * document, "can X reach Y, and why not?" calls this function, and a property test holds the two together.
 */
import { isInside, parseAddress, parseCidr } from "./addresses";
import type { DeviceValue, Hold, PolicyRule, PolicyValue, Protocol, TenantDocument } from "./document";
import type { AccountId, DeviceId, GrantId, PolicyId } from "./ids";

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
  | "account_held"
  | "device_unknown"
  | "device_outside_networks"
  | "device_held"
  | "no_policy"
  | "port_not_allowed";

export type Decision =
  | { allow: true; policyId: PolicyId }
  | { allow: true; grantId: GrantId }
  | { allow: false; code: DenyCode };

/** As things stand at that moment: holds and grants end by themselves. */
export function decide(document: TenantDocument, question: Question, at: Date): Decision {
  if (!document.tenant) return deny("tenant_unknown");
  if (document.tenant.state !== "active") return deny("tenant_suspended");
  const account = document.accounts.get(question.accountId);
  if (!account) return deny("account_unknown");
  if (account.state !== "active") return deny("account_revoked");
  if (isHeld(account.hold, at)) return deny("account_held");
  const device = document.devices.get(question.deviceId);
  if (!device) return deny("device_unknown");
  if (!isWhereItMayBe(document, device)) return deny("device_outside_networks");
  if (isHeld(device.hold, at)) return deny("device_held");

  const reaching = account.policies
    .map((id) => [id, document.policies.get(id)] as const)
    .filter((pair): pair is readonly [PolicyId, PolicyValue] => pair[1]?.isEnabled === true)
    .filter(([, policy]) => policy.groups.some((group) => device.groups.includes(group)));
  const opening = reaching.find(([, policy]) => policy.rules.some((rule) => doesMatch(rule, question)));
  if (opening) return { allow: true, policyId: opening[0] };
  const grants = [...document.grants]
    .filter(([, grant]) => grant.account === question.accountId && Date.parse(grant.until) > at.getTime())
    .filter(([, grant]) => grant.groups.some((group) => device.groups.includes(group)));
  const granting = grants.find(([, grant]) => grant.rules.some((rule) => doesMatch(rule, question)));
  if (granting) return { allow: true, grantId: granting[0] };
  return deny(reaching.length + grants.length > 0 ? "port_not_allowed" : "no_policy");
}

export function isHeld(hold: Hold | null, at: Date): hold is Hold {
  return hold !== null && Date.parse(hold.until) > at.getTime();
}

/** Behind the gateway only the tenant's networks are routed to it; a tunnel carries only addresses of its blocks. */
export function isWhereItMayBe({ tenant, networks }: TenantDocument, { attachment, address }: DeviceValue): boolean {
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

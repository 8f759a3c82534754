import { clock } from "../clock";
import { doOverlap, parseAddress, parseCidr } from "../protocol/addresses";
import { coverExactly, formatCidr } from "../protocol/cover";
import { isWhereItMayBe } from "../protocol/decide";
import type { DeviceValue, TenantDocument } from "../protocol/document";
import type { AccountId, GroupId } from "../protocol/ids";
import { type HolderMatch, isDevice } from "./decide-connection";

/** Clients of every system carry so many without being slow at it; beyond, the networks are told that they lie in. */
export const maxExactRoutes = 256;

export interface ClientRoutes {
  /** Networks in CIDR form. */
  cidrs: string[];
  /** Whether they hold more than what is reached. */
  areWhole: boolean;
}

/**
 * What a client is to send into its tunnel: a person's the devices that some rule opens to them and nothing else, for
 * whatever else is routed is taken from the network that the person is in. The kernel decides about packets; what is told
 * too much or too late here opens nothing.
 *
 * A device answers people, whose addresses are all in its tenant's blocks.
 * @param devicesIn the devices of a group of the match's tenant
 */
export function routesOf(
  match: HolderMatch,
  devicesIn: (group: GroupId) => Iterable<DeviceValue>,
  at = clock.now(),
): ClientRoutes {
  const { document } = match;
  const blocks = document.tenant?.blocks ?? [];
  if (isDevice(match)) return { cidrs: blocks, areWhole: false };
  const addresses = new Set<number>();
  for (const group of openedGroups(document, match.accountId, at))
    for (const device of devicesIn(group))
      if (isWhereItMayBe(document, device)) addresses.add(parseAddress(device.address));
  const exact = coverExactly(addresses);
  if (exact.length <= maxExactRoutes) return { cidrs: exact.map(formatCidr), areWhole: false };
  const wholes = [...blocks, ...Array.from(document.networks.values(), ({ cidr }) => cidr)];
  return { cidrs: wholes.filter((whole) => exact.some((part) => doOverlap(parseCidr(whole), part))), areWhole: true };
}

/** By each policy that is on and each grant in force. Holds are left aside: they end, and nobody is told. */
function openedGroups({ accounts, policies, grants }: TenantDocument, accountId: AccountId, at: Date): Set<GroupId> {
  const own = (accounts.get(accountId)?.policies ?? []).flatMap((id) => policies.get(id) ?? []);
  const granted = [...grants.values()].filter(
    ({ account, until }) => account === accountId && Date.parse(until) > at.getTime(),
  );
  const opening = [...own.filter(({ isEnabled }) => isEnabled), ...granted].filter(({ rules }) => rules.length > 0);
  return new Set(opening.flatMap(({ groups }) => groups));
}

/**
 * Whose share of the pool's connections a call takes: of a person, a few; of whoever is not signed in, fewer, by network
 * and all of them together; and of a tenant, all its people together. A tenant's changes follow each other on its row
 * lock anyway, and each that waits there would hold a connection.
 */

import { networkOf } from "@/gateway/protocol/network";
import type { Bound } from "../core/admission";

/** As much of a principal or of a cookie's claims as says who it is. */
type Who = { kind: "user"; userId: string } | { kind: "account"; tenantId: string; accountId: string };

export function boundsOf(
  who: Who | null,
  address: string,
  call: { tenantId?: string | undefined; isChange?: boolean } = {},
): Bound[] {
  // Strangers are refused wherever they name a tenant, and do not wait among its people.
  if (!who) return strangers(address);
  const tenantId = who.kind === "account" ? who.tenantId : call.tenantId;
  return [
    person(who),
    // The tenant is the caller's word as yet. Who names another's is refused within milliseconds, and waits his turn.
    ...(tenantId ? [together(`tenant ${tenantId}`, 8)] : []),
    ...(tenantId && call.isChange ? [together(`changes of ${tenantId}`, 2)] : []),
  ];
}

const person = (who: Who): Bound => ({
  key: who.kind === "user" ? `user ${who.userId}` : `account ${who.accountId}`,
  atOnce: 4,
  waiting: 100,
});

const strangers = (address: string): Bound[] => [
  { key: `network ${networkOf(address)}`, atOnce: 2, waiting: 40 },
  together("strangers", 6),
];

/** Whoever waits here holds one of a person's or a network's few places, so the queue needs no end of its own. */
const together = (key: string, atOnce: number): Bound => ({ key, atOnce, waiting: Number.POSITIVE_INFINITY });

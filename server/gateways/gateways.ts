/** Gateways: what staff manage, and how the rest of the control plane asks that they be brought up to date. */
import type { Scope } from "../core/db";
import { enqueue } from "../core/queue";
import { gatewayPush } from "./jobs";

/** After commit, every enrolled gateway is sent what it is behind on. */
export async function requestPush(scope: Scope): Promise<void> {
  const gateways = await scope.tx.gateway.findMany({ where: { enrolledAt: { not: null } }, select: { id: true } });
  for (const { id } of gateways) scope.afterCommit(() => enqueue(gatewayPush, { gatewayId: id }));
}

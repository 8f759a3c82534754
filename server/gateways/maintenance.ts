/**
 * Emptying a gateway, or one process of it, without anybody noticing more than a second's pause: its clients are sent away
 * so many a second and come back elsewhere with the same address. A part of the gateway's configuration, so it holds
 * whatever restarts, until it is called off.
 */
import type { z } from "zod";
import type { GatewayStateReply, ProcessConfig } from "@/gateway/protocol/api";
import { audit } from "../core/audit";
import type { Scope } from "../core/db";
import { invalid, notFound } from "../core/errors";
import { enqueue } from "../core/queue";
import { gatewaySweep } from "./jobs";
import type { drainProcessInput, setMaintenanceInput } from "./schema";

/** Idempotent. Its clients go to the gateway's other processes. */
export async function drainProcess(
  scope: Scope,
  { gatewayId, process, isDraining, perSecond }: z.infer<typeof drainProcessInput>,
): Promise<{ gatewayId: string }> {
  const gateway = await lock(scope, gatewayId);
  const state = gateway.state as unknown as GatewayStateReply | null;
  const known = [...(gateway.processes as unknown as ProcessConfig[]), ...(state?.processes ?? [])];
  if (isDraining && !known.some(({ name }) => name === process))
    throw invalid("process", `${gateway.name} has no process ${process}. Reload the page.`);
  const others = gateway.draining.filter((name) => name !== process);
  await configure(scope, gatewayId, {
    draining: isDraining ? [...others, process].sort() : others,
    ...(isDraining ? { drainPerSecond: perSecond } : {}),
  });
  await audit(scope, {
    action: isDraining ? "gateways.drain_process" : "gateways.undrain_process",
    subject: { kind: "gateway", id: gatewayId, name: gateway.name },
    details: { process, ...(isDraining ? { perSecond } : {}) },
  });
  return { gatewayId };
}

/** Idempotent. Its clients go to other gateways, and it takes no new ones. */
export async function setMaintenance(
  scope: Scope,
  { gatewayId, isInMaintenance, perSecond }: z.infer<typeof setMaintenanceInput>,
): Promise<{ gatewayId: string }> {
  const gateway = await lock(scope, gatewayId);
  await configure(scope, gatewayId, {
    isInMaintenance,
    ...(isInMaintenance ? { drainPerSecond: perSecond } : {}),
  });
  await audit(scope, {
    action: isInMaintenance ? "gateways.begin_maintenance" : "gateways.end_maintenance",
    subject: { kind: "gateway", id: gatewayId, name: gateway.name },
    details: isInMaintenance ? { perSecond } : {},
  });
  return { gatewayId };
}

/** Two at once would otherwise each write the list that it read. */
async function lock({ tx }: Scope, gatewayId: string) {
  await tx.$executeRaw`SELECT 1 FROM gateways WHERE id = ${gatewayId}::uuid FOR UPDATE`;
  const gateway = await tx.gateway.findUnique({ where: { id: gatewayId } });
  if (!gateway) throw notFound("gateway");
  return gateway;
}

async function configure(
  scope: Scope,
  gatewayId: string,
  data: { draining?: string[]; isInMaintenance?: boolean; drainPerSecond?: number },
): Promise<void> {
  await scope.tx.gateway.update({ where: { id: gatewayId }, data: { ...data, configVersion: { increment: 1 } } });
  scope.afterCommit(() => enqueue(gatewaySweep, {}));
}

/** Blocking: a device blocked for a while, on all gateways. See core/hold.ts. */
import type { z } from "zod";
import { audit } from "../core/audit";
import type { TenantScope } from "../core/db";
import { AppError } from "../core/errors";
import { holdColumns, noHold } from "../core/hold";
import { publish } from "../revisions/revisions";
import { deviceEntries, getDevice } from "./devices";
import type { holdDeviceInput } from "./schema";

/** A hold that stands is replaced. */
export async function holdDevice(
  scope: TenantScope,
  { deviceId, ...input }: z.infer<typeof holdDeviceInput>,
): Promise<{ until: Date; revision: number }> {
  const { name } = await getDevice(scope, deviceId);
  const hold = holdColumns(input);
  await scope.tx.device.update({ where: keyOf(scope, deviceId), data: hold });
  await audit(scope, {
    action: "devices.hold",
    subject: { kind: "device", id: deviceId, name },
    details: { reason: input.reason, until: hold.heldUntil },
  });
  return { until: hold.heldUntil, revision: await publishDevice(scope, deviceId, `blocked ${name}`) };
}

export async function letDeviceIn(scope: TenantScope, deviceId: string): Promise<{ revision: number }> {
  const { name, hold } = await getDevice(scope, deviceId);
  if (!hold) throw new AppError("conflict", `${name} is not blocked.`);
  await scope.tx.device.update({ where: keyOf(scope, deviceId), data: noHold });
  await audit(scope, {
    action: "devices.let_in",
    subject: { kind: "device", id: deviceId, name },
    details: { reason: hold.reason, until: hold.until },
  });
  return { revision: await publishDevice(scope, deviceId, `unblocked ${name}`) };
}

const keyOf = ({ tenantId }: TenantScope, id: string) => ({ tenantId_id: { tenantId, id } });

async function publishDevice(scope: TenantScope, deviceId: string, summary: string): Promise<number> {
  const entries = await deviceEntries(scope, [deviceId]);
  return publish(scope, entries, { summary, subject: { kind: "device", id: deviceId } });
}

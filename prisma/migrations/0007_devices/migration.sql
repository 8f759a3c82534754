-- Devices on tunnels of their own: an attachment, certificates and sessions. Every device: a name in DNS.
CREATE TYPE "DeviceAttachment" AS ENUM ('routed', 'openvpn');

ALTER TABLE "devices" ADD COLUMN "attachment" "DeviceAttachment" NOT NULL DEFAULT 'routed', ADD COLUMN "label" TEXT;
WITH plain AS (
  SELECT tenant_id, id, created_at,
    coalesce(nullif(trim(BOTH '-' FROM left(regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g'), 50)), ''), 'device') AS label
  FROM devices
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY tenant_id, label ORDER BY created_at, id) AS rank FROM plain
)
UPDATE devices d SET label = CASE WHEN r.rank = 1 THEN r.label ELSE r.label || '-' || right(r.id::text, 8) END
FROM ranked r WHERE r.tenant_id = d.tenant_id AND r.id = d.id;
ALTER TABLE "devices" ALTER COLUMN "label" SET NOT NULL;
CREATE UNIQUE INDEX "devices_tenant_id_label_key" ON "devices"("tenant_id", "label");
-- A stable address is one device's on the platform. Accounts' are cut from the same blocks by the same counter.
CREATE UNIQUE INDEX devices_stable_address ON devices (address) WHERE attachment = 'openvpn';

ALTER TABLE "certificates" ALTER COLUMN "account_id" DROP NOT NULL, ADD COLUMN "device_id" UUID;
ALTER TABLE "certificates" ADD CONSTRAINT "certificates_tenant_id_device_id_fkey"
  FOREIGN KEY ("tenant_id", "device_id") REFERENCES "devices"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE certificates ADD CONSTRAINT certificates_have_one_holder CHECK (num_nonnulls(account_id, device_id) = 1);
CREATE INDEX "certificates_tenant_id_device_id_idx" ON "certificates"("tenant_id", "device_id");

ALTER TABLE "sessions" ALTER COLUMN "account_id" DROP NOT NULL, ADD COLUMN "device_id" UUID;
ALTER TABLE sessions ADD CONSTRAINT sessions_have_one_holder CHECK (num_nonnulls(account_id, device_id) = 1);
CREATE INDEX "sessions_tenant_id_device_id_connected_at_idx" ON "sessions"("tenant_id", "device_id", "connected_at");

ALTER TABLE "refusals" ADD COLUMN "device_id" UUID;

-- Each gateway has a number of its own, for ever: the port of its links is cut from it.
ALTER TABLE "gateways" ADD COLUMN "number" SERIAL NOT NULL;
CREATE UNIQUE INDEX "gateways_number_key" ON "gateways"("number");
GRANT USAGE ON SEQUENCE gateways_number_seq TO drawbridge_app;
-- Where devices are is read every few seconds.
CREATE INDEX sessions_live_devices ON sessions (tenant_id, device_id) WHERE disconnected_at IS NULL AND device_id IS NOT NULL;

-- Ports that clients are told of, in front of the processes; which processes drain, and whether the whole gateway does.
ALTER TABLE "gateways"
  ADD COLUMN "fronts" JSONB NOT NULL DEFAULT '[]',
  ADD COLUMN "draining" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "is_in_maintenance" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "drain_per_second" INTEGER NOT NULL DEFAULT 5;
-- Sends every gateway its configuration again: what lets people in without their password comes with it.
UPDATE "gateways" SET "config_version" = "config_version" + 1;

-- Renewal of certificates, and how gateways were over time.

-- AlterTable
ALTER TABLE "certificates" ADD COLUMN "replaces" UUID, ADD COLUMN "reminded_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "gateways" ADD COLUMN "next_fingerprint" TEXT;

-- CreateTable
CREATE TABLE "gateway_samples" (
    "gateway_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "sessions" INTEGER NOT NULL,
    "cpu" REAL,
    "memory_bytes" BIGINT NOT NULL,
    "host_memory" REAL,
    "behind" BIGINT NOT NULL,
    "spooled" BIGINT NOT NULL,
    "drifted" INTEGER NOT NULL,

    CONSTRAINT "gateway_samples_pkey" PRIMARY KEY ("gateway_id","at")
);

-- CreateIndex
CREATE INDEX "certificates_tenant_id_replaces_idx" ON "certificates"("tenant_id", "replaces");

-- AddForeignKey
ALTER TABLE "certificates" ADD CONSTRAINT "certificates_tenant_id_replaces_fkey" FOREIGN KEY ("tenant_id", "replaces") REFERENCES "certificates"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gateway_samples" ADD CONSTRAINT "gateway_samples_gateway_id_fkey" FOREIGN KEY ("gateway_id") REFERENCES "gateways"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

-- Those that are about to end, or that another is to take the place of, are few; the table has one for each profile ever made.
CREATE INDEX certificates_ending ON certificates (not_after) WHERE revoked_at IS NULL AND reminded_at IS NULL;

-- A worker finds certificates that end or were replaced; what it then changes is bound to one tenant.
CREATE POLICY worker ON certificates FOR SELECT USING ((SELECT app_is_worker()));

-- Of the platform, as gateways are; deleted with its days.
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway_samples TO drawbridge_app;

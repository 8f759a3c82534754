-- Since when a tenant is deleted: its blocks rest for as long as any address that is given back.
ALTER TABLE "tenants" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);
-- Those that nobody wrote down until now count as deleted today.
UPDATE tenants SET deleted_at = CURRENT_TIMESTAMP WHERE state = 'deleted';
ALTER TABLE tenants ADD CONSTRAINT tenants_deleted_at CHECK ((state = 'deleted') = (deleted_at IS NOT NULL));

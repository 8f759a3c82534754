-- The newest attempts of a tenant, and of all, without reading the older ones.
CREATE INDEX "refusals_tenant_id_at_idx" ON "refusals" ("tenant_id", "at");
CREATE INDEX "refusals_at_idx" ON "refusals" ("at");

-- The plan's ceiling as a tenant's document has it; where the plan says otherwise, the document is behind.

ALTER TABLE tenants ADD COLUMN ceiling_down integer, ADD COLUMN ceiling_up integer;
UPDATE tenants t SET ceiling_down = p.max_down, ceiling_up = p.max_up FROM plans p WHERE p.id = t.plan_id;

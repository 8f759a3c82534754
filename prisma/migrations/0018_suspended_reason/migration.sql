-- Why the tenant is suspended, for its members to read.
ALTER TABLE tenants ADD COLUMN suspended_reason text;

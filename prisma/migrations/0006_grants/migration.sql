-- Grants, holds, and ceilings of sessions.

ALTER TABLE accounts
  ADD COLUMN held_until timestamptz(3),
  ADD COLUMN hold_reason text,
  ADD COLUMN rate_down integer CHECK (rate_down > 0),
  ADD COLUMN rate_up integer CHECK (rate_up > 0),
  ADD CHECK ((held_until IS NULL) = (hold_reason IS NULL)),
  ADD CHECK ((rate_down IS NULL) = (rate_up IS NULL));
ALTER TABLE devices
  ADD COLUMN held_until timestamptz(3),
  ADD COLUMN hold_reason text,
  ADD CHECK ((held_until IS NULL) = (hold_reason IS NULL));
ALTER TABLE plans
  ADD COLUMN max_down integer CHECK (max_down > 0),
  ADD COLUMN max_up integer CHECK (max_up > 0),
  ADD CHECK ((max_down IS NULL) = (max_up IS NULL));

CREATE TABLE grants (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  account_id uuid NOT NULL,
  rules jsonb NOT NULL,
  reason text NOT NULL,
  until timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  created_by text NOT NULL,
  ended_at timestamptz(3),
  ended_by text,
  CONSTRAINT grants_pkey PRIMARY KEY (tenant_id, id),
  CONSTRAINT grants_tenant_id_account_id_fkey FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX grants_tenant_id_account_id_idx ON grants (tenant_id, account_id);
CREATE INDEX grants_until_idx ON grants (until);

CREATE TABLE grant_groups (
  tenant_id uuid NOT NULL,
  grant_id uuid NOT NULL,
  group_id uuid NOT NULL,
  CONSTRAINT grant_groups_pkey PRIMARY KEY (tenant_id, grant_id, group_id),
  CONSTRAINT grant_groups_tenant_id_grant_id_fkey FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT grant_groups_tenant_id_group_id_fkey FOREIGN KEY (tenant_id, group_id) REFERENCES device_groups (tenant_id, id) ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX grant_groups_tenant_id_group_id_idx ON grant_groups (tenant_id, group_id);

-- What the sweep looks for.
CREATE INDEX accounts_held_until_idx ON accounts (held_until) WHERE held_until IS NOT NULL;
CREATE INDEX devices_held_until_idx ON devices (held_until) WHERE held_until IS NOT NULL;

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['grants', 'grant_groups'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()))', name);
    EXECUTE format('CREATE POLICY staff ON %I FOR SELECT USING ((SELECT app_is_staff()))', name);
  END LOOP;
END $$;
-- The sweep reads whose has lapsed; what it then changes is bound to one tenant.
CREATE POLICY worker ON grants FOR SELECT USING ((SELECT app_is_worker()));
CREATE POLICY worker ON accounts FOR SELECT USING ((SELECT app_is_worker()));
CREATE POLICY worker ON devices FOR SELECT USING ((SELECT app_is_worker()));

GRANT SELECT, INSERT, UPDATE, DELETE ON grants, grant_groups TO drawbridge_app;

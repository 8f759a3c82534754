-- What each rule of a policy let through, by day and gateway.

CREATE TABLE policy_rule_use (
  tenant_id uuid NOT NULL,
  policy_id uuid NOT NULL,
  protocol text NOT NULL,
  from_port integer NOT NULL,
  to_port integer NOT NULL,
  day date NOT NULL,
  gateway_id uuid NOT NULL,
  used_at timestamptz(3) NOT NULL,
  bytes bigint NOT NULL,
  packets bigint NOT NULL,
  CONSTRAINT policy_rule_use_pkey PRIMARY KEY (tenant_id, policy_id, protocol, from_port, to_port, day, gateway_id)
);

ALTER TABLE policy_rule_use ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy_rule_use USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()));
CREATE POLICY staff ON policy_rule_use FOR SELECT USING ((SELECT app_is_staff()));

GRANT SELECT, INSERT, UPDATE, DELETE ON policy_rule_use TO drawbridge_app;

-- Packets that nothing gave, by sender, day, gateway and what they were for: a sample.

CREATE TABLE refused_packets (
  tenant_id uuid NOT NULL,
  holder_id uuid NOT NULL,
  day date NOT NULL,
  gateway_id uuid NOT NULL,
  destination inet NOT NULL,
  protocol text NOT NULL,
  port integer NOT NULL,
  target_id uuid,
  packets bigint NOT NULL,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  CONSTRAINT refused_packets_pkey PRIMARY KEY (tenant_id, holder_id, day, gateway_id, destination, protocol, port)
);

CREATE INDEX refused_packets_tenant_id_last_at_idx ON refused_packets (tenant_id, last_at);

ALTER TABLE refused_packets ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON refused_packets USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()));
CREATE POLICY staff ON refused_packets FOR SELECT USING ((SELECT app_is_staff()));

GRANT SELECT, INSERT, UPDATE, DELETE ON refused_packets TO drawbridge_app;

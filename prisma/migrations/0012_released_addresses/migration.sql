-- Stable addresses that were given back, and wait to be given again.

CREATE TABLE released_addresses (
  tenant_id uuid NOT NULL,
  address inet NOT NULL,
  released_at timestamptz(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  revision bigint NOT NULL,
  CONSTRAINT released_addresses_pkey PRIMARY KEY (tenant_id, address),
  CONSTRAINT released_addresses_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants (id) ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX released_addresses_address_key ON released_addresses (address);
CREATE INDEX released_addresses_tenant_id_released_at_idx ON released_addresses (tenant_id, released_at);

-- Those that nobody wrote down until now count as released today.
INSERT INTO released_addresses (tenant_id, address, revision)
SELECT t.id, host(b.cidr + n)::inet, t.revision
FROM tenants t JOIN address_blocks b ON b.tenant_id = t.id, generate_series(1, b.next_offset - 1) AS n
WHERE t.state <> 'deleted'
  AND NOT EXISTS (SELECT FROM accounts a WHERE a.address = host(b.cidr + n)::inet)
  AND NOT EXISTS (SELECT FROM devices d WHERE d.attachment = 'openvpn' AND d.address = host(b.cidr + n)::inet);

ALTER TABLE released_addresses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON released_addresses USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()));
CREATE POLICY staff ON released_addresses FOR SELECT USING ((SELECT app_is_staff()));

GRANT SELECT, INSERT, UPDATE, DELETE ON released_addresses TO drawbridge_app;

-- What opens a door (an invitation's token) stands in a mail sealed, and is forgotten once it was sent or used; and each
-- mail is its tenant's, or the operator's own (the nil tenant).

ALTER TABLE mails
  ADD COLUMN tenant_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  ADD COLUMN sealed_secret bytea,
  ADD COLUMN secret_of uuid;
ALTER TABLE mails DROP CONSTRAINT mails_pkey, ADD CONSTRAINT mails_pkey PRIMARY KEY (tenant_id, id);
CREATE UNIQUE INDEX mails_id_key ON mails (id);
CREATE INDEX mails_secret_of_idx ON mails (secret_of) WHERE sealed_secret IS NOT NULL;

DROP POLICY write ON mails;
CREATE POLICY tenant ON mails USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()));
-- Whoever is bound to no tenant writes the operator's own mail, and may not read it back.
CREATE POLICY write ON mails FOR INSERT WITH CHECK (tenant_id = '00000000-0000-0000-0000-000000000000');

-- Tokens that were sent already are taken out. One that was not is sent yet, or passed on by staff; it ends within days.
SELECT set_config('app.worker', 'on', true);
UPDATE mails SET text = regexp_replace(text, '/invitation/[A-Za-z0-9_-]{43}', '/invitation/[left out: its recipient''s alone]', 'g')
  WHERE sent_at IS NOT NULL;
SELECT set_config('app.worker', '', true);

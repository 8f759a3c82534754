-- As before, but two letters are found anywhere in a word.
CREATE OR REPLACE FUNCTION search_patterns(query text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(
  SELECT CASE
    WHEN word ~ '^[0-9]{1,3}(\.[0-9]{1,3}){3}$' THEN '% ' || word || ' %'
    WHEN word ~ '^[0-9]{1,3}(\.[0-9]{1,3}){1,2}\.?$' THEN '% ' || word || '%'
    WHEN word ~ '^[a-z0-9]$' THEN '% ' || word || '%'
    ELSE '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%' END
  FROM regexp_split_to_table(fold(query), '\s+') AS word WHERE word <> '');

-- Who is connected now, of a tenant: few among all the sessions that ever were.
CREATE INDEX sessions_live_idx ON sessions (tenant_id, connected_at) WHERE disconnected_at IS NULL;

-- Names in NFC, as new ones are; one that would then be another's stays.
UPDATE accounts SET name = normalize(name, NFC) WHERE name IS NOT NFC NORMALIZED;
UPDATE devices d SET name = normalize(name, NFC) WHERE name IS NOT NFC NORMALIZED
  AND NOT EXISTS (SELECT FROM devices o WHERE o.tenant_id = d.tenant_id AND o.id <> d.id AND normalize(o.name, NFC) = normalize(d.name, NFC));

-- Search that folds case, accents and width, and names that sort as people sort: the same on every PostgreSQL, whatever its
-- locale. (pg_trgm is not: under the locale C it sees no letter outside ASCII.)

-- Letters before marks before case, and digits as numbers.
CREATE COLLATION people (provider = icu, locale = 'und-u-kn-true');

ALTER TABLE accounts ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE devices ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE device_groups ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE policies ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE tenants ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE users ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE plans ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE regions ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE gateways ALTER COLUMN name TYPE text COLLATE people;
ALTER TABLE networks ALTER COLUMN name TYPE text COLLATE people;

-- What is searched and what is searched for pass through it. Marks go (of Latin, Greek, Cyrillic, Hebrew and Arabic), and
-- joiners; letters that Unicode takes apart no further are written out.
CREATE FUNCTION fold(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate(
  replace(replace(replace(replace(
    regexp_replace(lower(normalize(given, NFKD) COLLATE "und-x-icu") COLLATE "C",
      '[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u200b-\u200d\u2060\ufe0e\ufe0f\u00ad]', '', 'g'),
    'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
  'øłđðħıς', 'olddhiσ');

-- The rows whose search text is LIKE ALL of these have every word: anywhere in it, but an address at its start, a whole one
-- alone, and one or two letters or digits at the start of a word.
CREATE FUNCTION search_patterns(query text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(
  SELECT CASE
    WHEN word ~ '^[0-9]{1,3}(\.[0-9]{1,3}){3}$' THEN '% ' || word || ' %'
    WHEN word ~ '^[0-9]{1,3}(\.[0-9]{1,3}){1,2}\.?$' THEN '% ' || word || '%'
    WHEN word ~ '^[a-z0-9]{1,2}$' THEN '% ' || word || '%'
    ELSE '%' || replace(replace(replace(word, '\', '\\'), '%', '\%'), '_', '\_') || '%' END
  FROM regexp_split_to_table(fold(query), '\s+') AS word WHERE word <> '');

-- Every three characters of a word that stand side by side: a GIN index of them finds a part of a word in any script.
CREATE FUNCTION grams(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ARRAY(
  SELECT substr(folded, at, 3) FROM generate_series(1, length(folded) - 2) AS at WHERE substr(folded, at, 3) !~ '\s');

ALTER TABLE accounts ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || email::text || ' ' || host(address) || ' ')) STORED;
ALTER TABLE devices ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || label || ' ' || description || ' ' || host(address) || ' ')) STORED;
ALTER TABLE device_groups ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || description || ' ')) STORED;
ALTER TABLE policies ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || description || ' ')) STORED;
ALTER TABLE tenants ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || slug || ' ')) STORED;
ALTER TABLE users ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || email::text || ' ')) STORED;
ALTER TABLE plans ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ')) STORED;
ALTER TABLE gateways ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || name || ' ' || public_host || ' ' || api_host || ' ')) STORED;
ALTER TABLE grants ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || reason || ' ')) STORED;
ALTER TABLE mails ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || recipient || ' ' || subject || ' ')) STORED;
ALTER TABLE audit_entries ADD COLUMN search text COLLATE "C" GENERATED ALWAYS AS (fold(' ' || actor_name || ' ' || subject_name || ' ')) STORED;

CREATE INDEX accounts_search_idx ON accounts USING gin (grams(search));
CREATE INDEX devices_search_idx ON devices USING gin (grams(search));

-- Lists page by key: each order that a long list has is an index that ends in the id.
DROP INDEX accounts_tenant_id_name_idx;
CREATE INDEX accounts_tenant_id_name_id_idx ON accounts (tenant_id, name, id);
CREATE INDEX accounts_tenant_id_created_at_id_idx ON accounts (tenant_id, created_at, id);
CREATE INDEX devices_tenant_id_created_at_id_idx ON devices (tenant_id, created_at, id);

-- The start of an address, and of a fingerprint: in the order of bytes, which row security lets an index decide.
CREATE INDEX sessions_real_address_idx ON sessions (real_address COLLATE "C", connected_at);
CREATE INDEX certificates_fingerprint_idx ON certificates (fingerprint COLLATE "C");

-- Row security lets no condition that might tell something decide which rows are read, so under it the indexes above would
-- never be used. These functions use them, as a role of their own that may read these tables and owns nothing else, and
-- answer with ids of the tenant that the transaction is bound to, or of any where it is staff's.
DO $$ BEGIN
  CREATE ROLE drawbridge_search NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO drawbridge_search;
GRANT SELECT (tenant_id, id, search) ON accounts, devices TO drawbridge_search;
CREATE POLICY search ON accounts FOR SELECT TO drawbridge_search USING (true);
CREATE POLICY search ON devices FOR SELECT TO drawbridge_search USING (true);

-- At most so many ids of accounts or devices that have every word; tenant null: of any.
CREATE FUNCTION search_ids(kind text, tenant uuid, query text, most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  patterns text[] := public.search_patterns(query);
  -- Of the words' own characters: nothing that LIKE reads as something else.
  wanted text[] := ARRAY(SELECT DISTINCT gram FROM regexp_split_to_table(public.fold(query), '\s+') AS word, unnest(public.grams(word)) AS gram);
BEGIN
  IF NOT (public.app_is_staff() OR tenant IS NOT DISTINCT FROM public.app_tenant() AND tenant IS NOT NULL) THEN
    RETURN;
  END IF;
  IF kind NOT IN ('accounts', 'devices') THEN
    RAISE EXCEPTION 'nothing is found among %', kind;
  END IF;
  RETURN QUERY EXECUTE format('SELECT id FROM public.%I WHERE search LIKE ALL ($1)', kind)
    || CASE WHEN cardinality(wanted) > 0 THEN ' AND public.grams(search) @> $2' ELSE '' END
    || CASE WHEN tenant IS NOT NULL THEN ' AND tenant_id = $3' ELSE '' END
    || ' LIMIT $4'
    USING patterns, wanted, tenant, most;
END $$;
-- An owner that is no superuser gives things only to roles that it is a member of.
DO $$ BEGIN
  IF NOT pg_has_role('drawbridge_search', 'USAGE') THEN
    GRANT drawbridge_search TO CURRENT_USER;
  END IF;
END $$;
GRANT CREATE ON SCHEMA public TO drawbridge_search;
ALTER FUNCTION search_ids(text, uuid, text, integer) OWNER TO drawbridge_search;
REVOKE CREATE ON SCHEMA public FROM drawbridge_search;
REVOKE ALL ON FUNCTION search_ids(text, uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_ids(text, uuid, text, integer) TO drawbridge_app;

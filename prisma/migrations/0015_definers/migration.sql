-- Functions that act as another role than their caller: a role of their own, that is no superuser and owns only the
-- telemetry which they divide into months. Before, they acted as whoever migrated, and a temporary table of their
-- caller's was found before one of ours.

-- Temporary tables are nobody's need. PostgreSQL 14 and older let everybody make tables in `public` too.
DO $$ BEGIN
  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

DO $$ BEGIN
  CREATE ROLE drawbridge_partitions NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
-- An owner that is no superuser gives things only to roles that it is a member of, and changes them later as a member.
DO $$ BEGIN
  IF NOT pg_has_role('drawbridge_partitions', 'USAGE') THEN
    GRANT drawbridge_partitions TO CURRENT_USER;
  END IF;
END $$;
GRANT USAGE, CREATE ON SCHEMA public TO drawbridge_partitions;

DO $$
DECLARE
  child regclass;
BEGIN
  FOR child IN
    SELECT relid FROM unnest(ARRAY['sessions', 'traffic_samples', 'refusals']) AS parent, pg_partition_tree(('public.' || parent)::regclass)
  LOOP
    EXECUTE format('ALTER TABLE %s OWNER TO drawbridge_partitions', child);
  END LOOP;
END $$;

-- As before, with every schema written out and the caller's temporary one searched last.
CREATE OR REPLACE FUNCTION ensure_partitions(moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent text;
  moment_column text;
  first timestamptz := date_trunc('month', moment, 'UTC');
  beyond timestamptz := (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
  child text;
BEGIN
  PERFORM pg_advisory_xact_lock(7270001);
  FOREACH parent IN ARRAY ARRAY['sessions', 'traffic_samples', 'refusals'] LOOP
    child := parent || '_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
    CONTINUE WHEN to_regclass(format('public.%I', child)) IS NOT NULL;
    moment_column := CASE parent WHEN 'sessions' THEN 'connected_at' ELSE 'at' END;
    EXECUTE format('LOCK TABLE public.%I IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', child, parent);
    IF parent = 'sessions' THEN
      EXECUTE format('ALTER TABLE public.%I SET (fillfactor = 50)', child);
    END IF;
    -- The owner reads every tenant's rows for this moment: nobody else can, until row security is back on.
    EXECUTE format('ALTER TABLE public.%I DISABLE ROW LEVEL SECURITY', parent || '_default');
    EXECUTE format('WITH strays AS (DELETE FROM public.%I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO public.%I SELECT * FROM strays',
      parent || '_default', moment_column, first, moment_column, beyond, child);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', parent || '_default');
    EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)', parent, child, first, beyond);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child);
  END LOOP;
END $$;

-- Drops whole months of telemetry that ended before `moment`; gives their names. What ended in the last 31 days, the
-- least that TELEMETRY_DAYS may be, stays whoever asks.
CREATE OR REPLACE FUNCTION drop_partitions(moment timestamptz) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before timestamptz := least(moment, now() - interval '31 days');
  child text;
BEGIN
  FOR child IN
    SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('public.sessions'::regclass, 'public.traffic_samples'::regclass, 'public.refusals'::regclass)
      AND c.relname ~ '_[0-9]{6}$'
      AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') <= before AT TIME ZONE 'UTC'
  LOOP
    EXECUTE format('DROP TABLE public.%I', child);
    RETURN NEXT child;
  END LOOP;
END $$;

ALTER FUNCTION ensure_partitions(timestamptz) OWNER TO drawbridge_partitions;
ALTER FUNCTION drop_partitions(timestamptz) OWNER TO drawbridge_partitions;

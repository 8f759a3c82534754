-- One session an account, everywhere: which of two is the newer, and what the tenant wants of a second one.

-- CreateEnum
CREATE TYPE "SecondSession" AS ENUM ('replace', 'refuse');

-- AlterTable
ALTER TABLE "tenants" ADD COLUMN "second_session" "SecondSession" NOT NULL DEFAULT 'replace';

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN "began_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now();

-- AlterTable
ALTER TABLE "gateways" ADD COLUMN "clock_offset_ms" DOUBLE PRECISION;

-- What cannot be said in Prisma's schema language.

CREATE INDEX sessions_live_account ON sessions (tenant_id, account_id, gateway_id) WHERE disconnected_at IS NULL;

-- As before, and rows of the month that came before it was made (a gateway's clock far ahead) are taken out of the
-- default partition, which could not be told from the month otherwise.
CREATE OR REPLACE FUNCTION ensure_partitions(moment timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
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
    CONTINUE WHEN to_regclass(child) IS NOT NULL;
    moment_column := CASE parent WHEN 'sessions' THEN 'connected_at' ELSE 'at' END;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', child, parent);
    IF parent = 'sessions' THEN
      EXECUTE format('ALTER TABLE %I SET (fillfactor = 50)', child);
    END IF;
    -- The owner reads every tenant's rows for this moment: nobody else can, until row security is back on.
    EXECUTE format('ALTER TABLE %I DISABLE ROW LEVEL SECURITY', parent || '_default');
    EXECUTE format('WITH strays AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM strays',
      parent || '_default', moment_column, first, moment_column, beyond, child);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', parent || '_default');
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', parent, child, first, beyond);
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child);
  END LOOP;
END $$;

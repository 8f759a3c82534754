-- Everything of the main job: tables, partitions, row-level security, and the role that owns nothing.

CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- CreateEnum
CREATE TYPE "AccountState" AS ENUM ('active', 'revoked');

-- CreateEnum
CREATE TYPE "AuthorityPurpose" AS ENUM ('client', 'gateway');

-- CreateEnum
CREATE TYPE "StaffRole" AS ENUM ('administrator', 'account_manager', 'support');

-- CreateEnum
CREATE TYPE "MemberRole" AS ENUM ('admin', 'manager', 'viewer');

-- CreateEnum
CREATE TYPE "TenantState" AS ENUM ('active', 'suspended', 'deleted');

-- CreateTable
CREATE TABLE "accounts" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "email" CITEXT NOT NULL,
    "address" INET NOT NULL,
    "password_hash" TEXT NOT NULL,
    "must_change_password" BOOLEAN NOT NULL DEFAULT true,
    "password_expires_at" TIMESTAMPTZ(3),
    "state" "AccountState" NOT NULL DEFAULT 'active',
    "revoked_at" TIMESTAMPTZ(3),
    "revoked_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "account_sign_ins" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "user_agent" TEXT NOT NULL DEFAULT '',
    "address" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "account_sign_ins_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "audit_entries" (
    "tenant_id" UUID NOT NULL,
    "sequence" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "subject_name" TEXT NOT NULL,
    "details" JSONB NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("tenant_id","sequence")
);

-- CreateTable
CREATE TABLE "audit_heads" (
    "tenant_id" UUID NOT NULL,
    "sequence" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_heads_pkey" PRIMARY KEY ("tenant_id")
);

-- CreateTable
CREATE TABLE "authorities" (
    "id" UUID NOT NULL,
    "purpose" "AuthorityPurpose" NOT NULL,
    "certificate" TEXT NOT NULL,
    "sealed_key" BYTEA NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "authorities_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "secrets" (
    "name" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secrets_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "certificates" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "serial" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "certificates_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "devices" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "address" INET NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "devices_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "device_groups" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "device_groups_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "device_group_members" (
    "tenant_id" UUID NOT NULL,
    "group_id" UUID NOT NULL,
    "device_id" UUID NOT NULL,

    CONSTRAINT "device_group_members_pkey" PRIMARY KEY ("tenant_id","group_id","device_id")
);

-- CreateTable
CREATE TABLE "regions" (
    "id" UUID NOT NULL,
    "code" TEXT NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "regions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "gateways" (
    "id" UUID NOT NULL,
    "region_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "api_host" TEXT NOT NULL,
    "api_port" INTEGER NOT NULL,
    "public_host" TEXT NOT NULL,
    "processes" JSONB NOT NULL,
    "config_version" INTEGER NOT NULL DEFAULT 1,
    "sealed_token" BYTEA,
    "token_expires_at" TIMESTAMPTZ(3),
    "enrolled_at" TIMESTAMPTZ(3),
    "fingerprint" TEXT,
    "certificate_not_after" TIMESTAMPTZ(3),
    "epoch" TEXT,
    "cursor" BIGINT NOT NULL DEFAULT 0,
    "confirmed_at" TIMESTAMPTZ(3),
    "last_seen_at" TIMESTAMPTZ(3),
    "state" JSONB,
    "error" TEXT,
    "error_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "gateways_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "applied_revisions" (
    "tenant_id" UUID NOT NULL,
    "gateway_id" UUID NOT NULL,
    "revision" BIGINT NOT NULL DEFAULT 0,
    "enforced_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "error_at" TIMESTAMPTZ(3),
    "checked_at" TIMESTAMPTZ(3),
    "is_drifted" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "applied_revisions_pkey" PRIMARY KEY ("tenant_id","gateway_id")
);

-- CreateTable
CREATE TABLE "pushes" (
    "tenant_id" UUID NOT NULL,
    "gateway_id" UUID NOT NULL,
    "to_revision" BIGINT NOT NULL,
    "from_revision" BIGINT NOT NULL,
    "enforced_at" TIMESTAMPTZ(3) NOT NULL,
    "took_ms" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "pushes_pkey" PRIMARY KEY ("tenant_id","gateway_id","to_revision")
);

-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "email" CITEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT,
    "must_change_password" BOOLEAN NOT NULL DEFAULT false,
    "staff_role" "StaffRole",
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user_sign_ins" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "user_agent" TEXT NOT NULL DEFAULT '',
    "address" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "user_sign_ins_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "members" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" "MemberRole" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "members_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "invitations" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "email" CITEXT NOT NULL,
    "role" "MemberRole" NOT NULL,
    "token_hash" TEXT NOT NULL,
    "invited_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "invitations_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "mails" (
    "id" UUID NOT NULL,
    "recipient" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,

    CONSTRAINT "mails_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "plans" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "max_accounts" INTEGER NOT NULL,
    "max_devices" INTEGER NOT NULL,
    "monthly_price" INTEGER NOT NULL,
    "currency" TEXT NOT NULL DEFAULT 'EUR',
    "is_offered" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "plans_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "policies" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "is_enabled" BOOLEAN NOT NULL DEFAULT true,
    "rules" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "policies_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "policy_accounts" (
    "tenant_id" UUID NOT NULL,
    "policy_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,

    CONSTRAINT "policy_accounts_pkey" PRIMARY KEY ("tenant_id","policy_id","account_id")
);

-- CreateTable
CREATE TABLE "policy_groups" (
    "tenant_id" UUID NOT NULL,
    "policy_id" UUID NOT NULL,
    "group_id" UUID NOT NULL,

    CONSTRAINT "policy_groups_pkey" PRIMARY KEY ("tenant_id","policy_id","group_id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "connected_at" TIMESTAMPTZ(3) NOT NULL,
    "gateway_id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "process" TEXT NOT NULL,
    "process_boot" TEXT NOT NULL,
    "client_id" INTEGER NOT NULL,
    "real_address" TEXT NOT NULL,
    "vpn_address" INET NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "client_version" TEXT,
    "platform" TEXT,
    "cipher" TEXT,
    "received" BIGINT NOT NULL DEFAULT 0,
    "sent" BIGINT NOT NULL DEFAULT 0,
    "bytes_at" TIMESTAMPTZ(3) NOT NULL,
    "received_rate" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "sent_rate" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "disconnected_at" TIMESTAMPTZ(3),
    "end_code" TEXT,
    "end_reason" TEXT,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("tenant_id","id","connected_at")
) PARTITION BY RANGE ("connected_at");

-- CreateTable
CREATE TABLE "traffic_samples" (
    "tenant_id" UUID NOT NULL,
    "session_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "received" BIGINT NOT NULL,
    "sent" BIGINT NOT NULL,

    CONSTRAINT "traffic_samples_pkey" PRIMARY KEY ("tenant_id","session_id","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "refusals" (
    "tenant_id" UUID NOT NULL,
    "gateway_id" UUID NOT NULL,
    "epoch" TEXT NOT NULL,
    "sequence" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "account_id" UUID,
    "code" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "real_address" TEXT NOT NULL,
    "process" TEXT NOT NULL,

    CONSTRAINT "refusals_pkey" PRIMARY KEY ("tenant_id","gateway_id","epoch","sequence","at")
) PARTITION BY RANGE ("at");

-- CreateTable
CREATE TABLE "tenants" (
    "id" UUID NOT NULL,
    "number" SERIAL NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "state" "TenantState" NOT NULL DEFAULT 'active',
    "plan_id" UUID NOT NULL,
    "home_region_id" UUID,
    "revision" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tenants_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "address_blocks" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "cidr" INET NOT NULL,
    "next_offset" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "address_blocks_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "networks" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "cidr" INET NOT NULL,

    CONSTRAINT "networks_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "uplinks" (
    "tenant_id" UUID NOT NULL,
    "gateway_id" UUID NOT NULL,
    "interface" TEXT NOT NULL,
    "next_hop" INET,

    CONSTRAINT "uplinks_pkey" PRIMARY KEY ("tenant_id","gateway_id")
);

-- CreateTable
CREATE TABLE "changes" (
    "tenant_id" UUID NOT NULL,
    "revision" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "summary" TEXT NOT NULL,
    "subject_kind" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,

    CONSTRAINT "changes_pkey" PRIMARY KEY ("tenant_id","revision")
);

-- CreateTable
CREATE TABLE "document_entries" (
    "tenant_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "id" UUID NOT NULL,
    "revision" BIGINT NOT NULL,
    "value" JSONB,
    "digest" BYTEA NOT NULL,

    CONSTRAINT "document_entries_pkey" PRIMARY KEY ("tenant_id","kind","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "accounts_address_key" ON "accounts"("address");

-- CreateIndex
CREATE INDEX "accounts_email_idx" ON "accounts"("email");

-- CreateIndex
CREATE INDEX "accounts_tenant_id_name_idx" ON "accounts"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_tenant_id_email_key" ON "accounts"("tenant_id", "email");

-- CreateIndex
CREATE INDEX "account_sign_ins_tenant_id_account_id_idx" ON "account_sign_ins"("tenant_id", "account_id");

-- CreateIndex
CREATE INDEX "audit_entries_tenant_id_at_idx" ON "audit_entries"("tenant_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "authorities_purpose_key" ON "authorities"("purpose");

-- CreateIndex
CREATE UNIQUE INDEX "certificates_serial_key" ON "certificates"("serial");

-- CreateIndex
CREATE UNIQUE INDEX "certificates_fingerprint_key" ON "certificates"("fingerprint");

-- CreateIndex
CREATE INDEX "certificates_tenant_id_account_id_idx" ON "certificates"("tenant_id", "account_id");

-- CreateIndex
CREATE UNIQUE INDEX "devices_tenant_id_address_key" ON "devices"("tenant_id", "address");

-- CreateIndex
CREATE UNIQUE INDEX "devices_tenant_id_name_key" ON "devices"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "device_groups_tenant_id_name_key" ON "device_groups"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "device_group_members_tenant_id_device_id_idx" ON "device_group_members"("tenant_id", "device_id");

-- CreateIndex
CREATE UNIQUE INDEX "regions_code_key" ON "regions"("code");

-- CreateIndex
CREATE UNIQUE INDEX "gateways_name_key" ON "gateways"("name");

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE INDEX "user_sign_ins_user_id_idx" ON "user_sign_ins"("user_id");

-- CreateIndex
CREATE INDEX "members_user_id_idx" ON "members"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "members_tenant_id_user_id_key" ON "members"("tenant_id", "user_id");

-- CreateIndex
CREATE UNIQUE INDEX "invitations_token_hash_key" ON "invitations"("token_hash");

-- CreateIndex
CREATE INDEX "mails_created_at_idx" ON "mails"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "plans_name_key" ON "plans"("name");

-- CreateIndex
CREATE UNIQUE INDEX "policies_tenant_id_name_key" ON "policies"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "policy_accounts_tenant_id_account_id_idx" ON "policy_accounts"("tenant_id", "account_id");

-- CreateIndex
CREATE INDEX "policy_groups_tenant_id_group_id_idx" ON "policy_groups"("tenant_id", "group_id");

-- CreateIndex
CREATE INDEX "sessions_tenant_id_account_id_connected_at_idx" ON "sessions"("tenant_id", "account_id", "connected_at");

-- CreateIndex
CREATE INDEX "sessions_tenant_id_connected_at_idx" ON "sessions"("tenant_id", "connected_at");

-- CreateIndex
CREATE INDEX "sessions_gateway_id_disconnected_at_idx" ON "sessions"("gateway_id", "disconnected_at");

-- CreateIndex
CREATE INDEX "refusals_tenant_id_account_id_at_idx" ON "refusals"("tenant_id", "account_id", "at");

-- CreateIndex
CREATE UNIQUE INDEX "tenants_number_key" ON "tenants"("number");

-- CreateIndex
CREATE UNIQUE INDEX "tenants_slug_key" ON "tenants"("slug");

-- CreateIndex
CREATE INDEX "changes_tenant_id_subject_kind_subject_id_revision_idx" ON "changes"("tenant_id", "subject_kind", "subject_id", "revision");

-- CreateIndex
CREATE INDEX "document_entries_tenant_id_revision_idx" ON "document_entries"("tenant_id", "revision");

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "account_sign_ins" ADD CONSTRAINT "account_sign_ins_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "certificates" ADD CONSTRAINT "certificates_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "devices" ADD CONSTRAINT "devices_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "device_group_members" ADD CONSTRAINT "device_group_members_tenant_id_group_id_fkey" FOREIGN KEY ("tenant_id", "group_id") REFERENCES "device_groups"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "device_group_members" ADD CONSTRAINT "device_group_members_tenant_id_device_id_fkey" FOREIGN KEY ("tenant_id", "device_id") REFERENCES "devices"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "gateways" ADD CONSTRAINT "gateways_region_id_fkey" FOREIGN KEY ("region_id") REFERENCES "regions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "applied_revisions" ADD CONSTRAINT "applied_revisions_gateway_id_fkey" FOREIGN KEY ("gateway_id") REFERENCES "gateways"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "user_sign_ins" ADD CONSTRAINT "user_sign_ins_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "members" ADD CONSTRAINT "members_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_accounts" ADD CONSTRAINT "policy_accounts_tenant_id_policy_id_fkey" FOREIGN KEY ("tenant_id", "policy_id") REFERENCES "policies"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_accounts" ADD CONSTRAINT "policy_accounts_tenant_id_account_id_fkey" FOREIGN KEY ("tenant_id", "account_id") REFERENCES "accounts"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_groups" ADD CONSTRAINT "policy_groups_tenant_id_policy_id_fkey" FOREIGN KEY ("tenant_id", "policy_id") REFERENCES "policies"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "policy_groups" ADD CONSTRAINT "policy_groups_tenant_id_group_id_fkey" FOREIGN KEY ("tenant_id", "group_id") REFERENCES "device_groups"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_plan_id_fkey" FOREIGN KEY ("plan_id") REFERENCES "plans"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_home_region_id_fkey" FOREIGN KEY ("home_region_id") REFERENCES "regions"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "address_blocks" ADD CONSTRAINT "address_blocks_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "networks" ADD CONSTRAINT "networks_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "uplinks" ADD CONSTRAINT "uplinks_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "tenants"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "uplinks" ADD CONSTRAINT "uplinks_gateway_id_fkey" FOREIGN KEY ("gateway_id") REFERENCES "gateways"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

ALTER TABLE address_blocks ADD CONSTRAINT address_blocks_do_not_overlap EXCLUDE USING gist (cidr inet_ops WITH &&);
ALTER TABLE networks ADD CONSTRAINT networks_do_not_overlap EXCLUDE USING gist (tenant_id WITH =, cidr inet_ops WITH &&);
CREATE INDEX sessions_live ON sessions (tenant_id, connected_at) WHERE disconnected_at IS NULL;
ALTER TABLE document_entries ALTER COLUMN value SET STORAGE MAIN;

-- Attempts, as rate-limiter-flexible keeps them.
CREATE TABLE attempts (key varchar(255) PRIMARY KEY, points integer NOT NULL DEFAULT 0, expire bigint);

-- Partitions by month. The default ones catch what has no month yet (a gateway's clock far off), so nothing is refused.
CREATE TABLE sessions_default PARTITION OF sessions DEFAULT;
CREATE TABLE traffic_samples_default PARTITION OF traffic_samples DEFAULT;
CREATE TABLE refusals_default PARTITION OF refusals DEFAULT;
-- A live session's totals change every few seconds: with room in its page that touches no index.
ALTER TABLE sessions_default SET (fillfactor = 50);

-- The role of the application and the workers: it owns nothing, so it can neither switch row security off nor alter a table.
DO $$ BEGIN
  CREATE ROLE drawbridge_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- Makes the partitions of the month that holds `moment`, with the row security of their parents. Called by the application.
CREATE FUNCTION ensure_partitions(moment timestamptz) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  parent text;
  first timestamptz := date_trunc('month', moment, 'UTC');
  child text;
BEGIN
  PERFORM pg_advisory_xact_lock(7270001);
  FOREACH parent IN ARRAY ARRAY['sessions', 'traffic_samples', 'refusals'] LOOP
    child := parent || '_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMM');
    IF to_regclass(child) IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', child, parent, first,
        (first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
      EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', child);
      IF parent = 'sessions' THEN
        EXECUTE format('ALTER TABLE %I SET (fillfactor = 50)', child);
      END IF;
    END IF;
  END LOOP;
END $$;

-- Drops whole months of telemetry that ended before `moment`; gives their names.
CREATE FUNCTION drop_partitions(moment timestamptz) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
  child text;
BEGIN
  FOR child IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent
    WHERE p.relname IN ('sessions', 'traffic_samples', 'refusals') AND c.relname ~ '_[0-9]{6}$'
      AND (to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month') <= moment AT TIME ZONE 'UTC'
  LOOP
    EXECUTE format('DROP TABLE %I', child);
    RETURN NEXT child;
  END LOOP;
END $$;

SELECT ensure_partitions(now()), ensure_partitions(now() + interval '1 month');

-- What a transaction is bound to, by set_config(..., true). Nothing set: nothing seen.
CREATE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT nullif(current_setting('app.tenant', true), '')::uuid $$;
CREATE FUNCTION app_user() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT nullif(current_setting('app.user', true), '')::uuid $$;
CREATE FUNCTION app_is_staff() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT coalesce(current_setting('app.staff', true), '') = 'on' $$;
CREATE FUNCTION app_is_worker() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT coalesce(current_setting('app.worker', true), '') = 'on' $$;

-- Every table with a tenant_id: bound to the tenant for all; read across tenants by staff.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I USING (tenant_id = (SELECT app_tenant())) WITH CHECK (tenant_id = (SELECT app_tenant()))', name);
    EXECUTE format('CREATE POLICY staff ON %I FOR SELECT USING ((SELECT app_is_staff()))', name);
  END LOOP;
END $$;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants USING (id = (SELECT app_tenant())) WITH CHECK (id = (SELECT app_tenant()));
CREATE POLICY staff ON tenants FOR SELECT USING ((SELECT app_is_staff()));
-- A worker finds what is behind; what it then does is bound to one tenant.
CREATE POLICY worker ON tenants FOR SELECT USING ((SELECT app_is_worker()));
CREATE POLICY worker ON applied_revisions FOR SELECT USING ((SELECT app_is_worker()));
-- A worker compares a gateway's list of live sessions with ours; what it then changes is bound to one tenant.
CREATE POLICY worker ON sessions FOR SELECT USING ((SELECT app_is_worker()));
-- A signed-in user sees which tenants they belong to.
CREATE POLICY own ON members FOR SELECT USING (user_id = (SELECT app_user()));
CREATE POLICY own ON tenants FOR SELECT USING (id IN (SELECT tenant_id FROM members WHERE user_id = (SELECT app_user())));
-- Signing in knows an email and no tenant yet; opening an invitation knows a token and no tenant yet.
CREATE POLICY sign_in ON accounts FOR SELECT USING (email = nullif(current_setting('app.sign_in_email', true), '')::citext);
CREATE POLICY bearer ON invitations FOR SELECT USING (token_hash = nullif(current_setting('app.invitation', true), ''));

-- Mail holds invitations: written by anyone who invites, read by staff and by the worker that sends it.
ALTER TABLE mails ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY write ON mails FOR INSERT WITH CHECK (true);
CREATE POLICY read ON mails FOR SELECT USING ((SELECT app_is_staff()) OR (SELECT app_is_worker()));
CREATE POLICY sent ON mails FOR UPDATE USING ((SELECT app_is_worker()));
CREATE POLICY retained ON mails FOR DELETE USING ((SELECT app_is_worker()));

GRANT USAGE ON SCHEMA public TO drawbridge_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO drawbridge_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO drawbridge_app;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entries FROM drawbridge_app;
REVOKE ALL ON FUNCTION ensure_partitions(timestamptz), drop_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions(timestamptz), drop_partitions(timestamptz) TO drawbridge_app;

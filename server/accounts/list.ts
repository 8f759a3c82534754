/** What the screens show of accounts: the list, and one account with what it has done lately. */
import type { z } from "zod";
import { isConnected } from "../core/connected";
import type { TenantScope } from "../core/db";
import { notFound } from "../core/errors";
import { currentHold } from "../core/hold";
import { bareAddress } from "../core/inet";
import type { Page } from "../core/listing";
import { inOrder, type Listing, pageOf } from "../core/page";
import { type AccountState, Prisma } from "../core/prisma/client";
import { searchConditions } from "../core/search";
import { showing } from "../core/showing";
import { recentRefusals } from "../sessions/sessions";
import { rateOf } from "./accounts";
import type { listAccountsInput } from "./schema";

export interface AccountRow {
  id: string;
  name: string;
  email: string;
  address: string;
  state: AccountState;
  revokedReason: string | null;
  revokedAt: Date | null;
  mustChangePassword: boolean;
  passwordExpiresAt: Date | null;
  /** The ceiling of a session, in kbit/s; null: none. */
  rate: { down: number; up: number } | null;
  /** While it stands: blocked until then. */
  hold: { until: Date; reason: string } | null;
  policies: { id: string; name: string; isEnabled: boolean }[];
  /** When the last of its grants that are in force ends; null: it has none. */
  grantedUntil: Date | null;
  /** How many of its certificates are accepted. */
  certificates: number;
  lastSession: { id: string; connectedAt: Date; disconnectedAt: Date | null; gatewayName: string } | null;
  isOnline: boolean;
  createdAt: Date;
}

export async function listAccounts(
  scope: TenantScope,
  input: z.infer<typeof listAccountsInput>,
): Promise<Page<AccountRow>> {
  const { tx, tenantId } = scope;
  const table = Prisma.sql`a`;
  const { ids, ...page } = await pageOf(
    tx,
    {
      from: Prisma.sql`accounts a`,
      conditions: [
        Prisma.sql`a.tenant_id = ${tenantId}::uuid`,
        // Of whoever is revoked, none of these is asked: they neither come in nor need a profile.
        ...(input.show.length > 0 ? [Prisma.sql`a.state = 'active'`, showing("account", input.show)] : []),
        ...(input.state.length > 0 ? [Prisma.sql`a.state = ANY(${input.state}::"AccountState"[])`] : []),
        ...(input.policyId.length > 0
          ? [
              Prisma.sql`a.id IN (SELECT account_id FROM policy_accounts WHERE tenant_id = ${tenantId}::uuid AND policy_id = ANY(${input.policyId}::uuid[]))`,
            ]
          : []),
        ...(await searchConditions(scope, "accounts", tenantId, table, input.search)),
      ],
      ...columns[input.sort],
      id: Prisma.sql`a.id`,
    },
    input,
  );
  const accounts = await tx.account.findMany({ where: { tenantId, id: { in: ids } }, include: withUses() });
  return { rows: await accountRows(scope, inOrder(ids, accounts)), ...page };
}

const columns = {
  name: { by: Prisma.sql`a.name`, type: "text" },
  email: { by: Prisma.sql`a.email`, type: "citext" },
  createdAt: { by: Prisma.sql`a.created_at`, type: "timestamptz" },
} satisfies Record<z.infer<typeof listAccountsInput>["sort"], Pick<Listing, "by" | "type">>;

export interface AccountDetails extends Omit<AccountRow, "certificates"> {
  certificates: {
    id: string;
    serial: string;
    createdAt: Date;
    notAfter: Date;
    revokedAt: Date | null;
    /** When its owner was last told by mail that it ends. */
    remindedAt: Date | null;
    /** The certificate that it renews, which works until this one has connected. */
    replaces: string | null;
  }[];
  /** The newest. */
  refusals: Awaited<ReturnType<typeof recentRefusals>>;
  sessions: {
    id: string;
    connectedAt: Date;
    disconnectedAt: Date | null;
    gatewayName: string;
    realAddress: string;
    platform: string | null;
    clientVersion: string | null;
    received: number;
    sent: number;
    endReason: string | null;
  }[];
}

const recent = 10;

export async function getAccount(scope: TenantScope, accountId: string): Promise<AccountDetails> {
  const { tx, tenantId } = scope;
  const account = await tx.account.findUnique({
    where: { tenantId_id: { tenantId, id: accountId } },
    include: withUses(),
  });
  if (!account) throw notFound("account");
  const [row] = await accountRows(scope, [account]);
  const certificates = await tx.certificate.findMany({
    where: { tenantId, accountId },
    select: {
      ...{ id: true, serial: true, createdAt: true, notAfter: true, revokedAt: true },
      ...{ remindedAt: true, replaces: true },
    },
    orderBy: { createdAt: "desc" },
  });
  const sessions = await tx.session.findMany({
    where: { tenantId, accountId },
    orderBy: { connectedAt: "desc" },
    take: recent,
  });
  const names = await gatewayNames(scope, sessions);
  return {
    ...row!,
    certificates,
    refusals: await recentRefusals(scope, accountId, recent),
    sessions: sessions.map((session) => ({
      id: session.id,
      connectedAt: session.connectedAt,
      disconnectedAt: session.disconnectedAt,
      gatewayName: names.get(session.gatewayId) ?? "",
      realAddress: session.realAddress,
      platform: session.platform,
      clientVersion: session.clientVersion,
      received: Number(session.received),
      sent: Number(session.sent),
      endReason: session.endReason,
    })),
  };
}

const withUses = () =>
  ({
    policies: { include: { policy: { select: { id: true, name: true, isEnabled: true } } } },
    grants: {
      where: { endedAt: null, until: { gt: new Date() } },
      select: { until: true },
      orderBy: { until: "desc" },
      take: 1,
    },
  }) as const;

type WithUses = Prisma.AccountGetPayload<{ include: ReturnType<typeof withUses> }>;

async function accountRows({ tx, tenantId }: TenantScope, accounts: WithUses[]): Promise<AccountRow[]> {
  const ids = accounts.map((account) => account.id);
  const sessions = await tx.$queryRaw<
    {
      id: string;
      account_id: string;
      connected_at: Date;
      disconnected_at: Date | null;
      gateway_name: string;
      is_online: boolean;
    }[]
  >`
    SELECT a.id AS account_id, s.id, s.connected_at, s.disconnected_at, coalesce(g.name, '') AS gateway_name,
      EXISTS (SELECT FROM sessions l WHERE l.tenant_id = ${tenantId}::uuid AND l.account_id = a.id AND ${isConnected(Prisma.sql`l`)}) AS is_online
    FROM unnest(${ids}::uuid[]) AS a (id)
    CROSS JOIN LATERAL (SELECT id, connected_at, disconnected_at, gateway_id FROM sessions
      WHERE tenant_id = ${tenantId}::uuid AND account_id = a.id ORDER BY connected_at DESC LIMIT 1) s
    LEFT JOIN gateways g ON g.id = s.gateway_id`;
  const counts = await tx.$queryRaw<{ account_id: string; count: number }[]>`
    SELECT account_id, count(*)::int AS count FROM certificates
    WHERE tenant_id = ${tenantId}::uuid AND account_id = ANY(${ids}::uuid[]) AND revoked_at IS NULL AND not_after > now() GROUP BY account_id`;
  const certificates = new Map(counts.map(({ account_id, count }) => [account_id, count]));
  const last = new Map(sessions.map((session) => [session.account_id, session]));
  return accounts.map((account) => {
    const session = last.get(account.id);
    return {
      id: account.id,
      name: account.name,
      email: account.email,
      address: bareAddress(account.address),
      state: account.state,
      revokedReason: account.revokedReason,
      revokedAt: account.revokedAt,
      mustChangePassword: account.mustChangePassword,
      passwordExpiresAt: account.passwordExpiresAt,
      rate: rateOf(account),
      hold: currentHold(account),
      policies: account.policies.map(({ policy }) => policy).sort((a, b) => a.name.localeCompare(b.name)),
      grantedUntil: account.grants[0]?.until ?? null,
      certificates: certificates.get(account.id) ?? 0,
      lastSession: session
        ? {
            id: session.id,
            connectedAt: session.connected_at,
            disconnectedAt: session.disconnected_at,
            gatewayName: session.gateway_name,
          }
        : null,
      isOnline: session?.is_online ?? false,
      createdAt: account.createdAt,
    };
  });
}

async function gatewayNames({ tx }: TenantScope, rows: { gatewayId: string }[]): Promise<Map<string, string>> {
  const ids = [...new Set(rows.map((row) => row.gatewayId))];
  const gateways = await tx.gateway.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  return new Map(gateways.map(({ id, name }) => [id, name]));
}

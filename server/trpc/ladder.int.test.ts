import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accountPrincipal, callAs, createMember, createTenantWithAdmin, createUser } from "@/e2e/support/principals";
import { closeDatabase } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import type { AccountPrincipal, Principal, UserPrincipal } from "./principal";
import { appRouter } from "./root";
import { createCaller, type Meta, router, signedInProcedure, tenantProcedure } from "./trpc";

interface Described {
  path: string;
  type: "query" | "mutation" | "subscription";
  meta: Meta | undefined;
}

const procedures: Described[] = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: Described["type"]; meta?: Meta } }>,
).map(([path, { _def }]) => ({ path, type: _def.type, meta: _def.meta }));

const having = (access: Meta["access"]) => procedures.filter(({ meta }) => meta?.access === access);

async function refusal(principal: Principal | null, path: string, input?: unknown): Promise<string> {
  const procedure = path
    .split(".")
    .reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], callAs(principal)) as (
    input: unknown,
  ) => Promise<unknown>;
  try {
    await procedure(input);
    return "let in";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

async function refusals(principal: Principal | null, list: Described[], input?: unknown): Promise<string[]> {
  const outcomes = [];
  for (const { path } of list) outcomes.push(`${path} ${await refusal(principal, path, input)}`);
  return outcomes;
}

const all = (list: Described[], code: string) => list.map(({ path }) => `${path} ${code}`);

let tenantId: string;
let outsider: UserPrincipal;
let nobody: UserPrincipal;
let viewer: UserPrincipal;
let staff: UserPrincipal;
let account: AccountPrincipal;

beforeAll(async () => {
  const ours = await createTenantWithAdmin();
  const theirs = await createTenantWithAdmin();
  tenantId = ours.tenantId;
  outsider = theirs.admin;
  nobody = await createUser();
  staff = await createUser("administrator");
  viewer = await createMember(tenantId, "viewer");
  const created = await callAs(ours.admin).accounts.create({ tenantId, name: "Dana", email: "dana@ladder.test" });
  account = await accountPrincipal(tenantId, created.account.id);
});
afterAll(async () => {
  await closeQueues();
  await closeDatabase();
});

describe("every procedure", () => {
  test("says what it needs", () => {
    expect(procedures.length).toBeGreaterThan(60);
    expect(procedures.filter(({ meta }) => !meta)).toEqual([]);
  });

  test("that is public is so on purpose, and says why", () => {
    for (const { meta } of having("public"))
      expect((meta as Extract<Meta, { access: "public" }>).because.length).toBeGreaterThan(15);
    expect(
      having("public")
        .map(({ path }) => path)
        .sort(),
    ).toEqual([
      "invitations.accept",
      "invitations.open",
      "passwordLinks.open",
      "passwordLinks.request",
      "passwordLinks.set",
      "signIn.changePassword",
      "signIn.doors",
      "signIn.end",
      "signIn.endOthers",
      "signIn.list",
      "signIn.signOut",
      "viewer.me",
    ]);
  });

  test("but a public one turns away whoever is not signed in", async () => {
    const closed = procedures.filter(({ meta }) => meta?.access !== "public");
    expect(
      await refusals(
        null,
        closed.filter(({ meta }) => meta?.access !== "tenant"),
      ),
    ).toEqual(
      all(
        closed.filter(({ meta }) => meta?.access !== "tenant"),
        "UNAUTHORIZED",
      ),
    );
    expect(await refusals(null, having("tenant"), { tenantId })).toEqual(all(having("tenant"), "UNAUTHORIZED"));
    for (const path of ["signIn.doors", "signIn.list", "signIn.endOthers"])
      expect(await refusal(null, path)).toBe("UNAUTHORIZED");
  });

  test("but a public one turns away whoever has yet to change a temporary password", async () => {
    const forced = [
      { ...staff, mustChangePassword: true },
      { ...account, mustChangePassword: true },
    ];
    const closed = procedures.filter(({ meta }) => meta?.access !== "public");
    for (const principal of forced)
      expect(await refusals(principal, closed, { tenantId })).toEqual(all(closed, "FORBIDDEN"));
    for (const path of ["signIn.list", "signIn.endOthers"]) expect(await refusal(forced[0]!, path)).toBe("FORBIDDEN");
  });
});

describe("every procedure of a tenant", () => {
  test("is not there for a member of another tenant, for somebody without any, and for a VPN account", async () => {
    const tenant = having("tenant");
    expect(tenant.length).toBeGreaterThan(25);
    for (const principal of [outsider, nobody, account])
      expect(await refusals(principal, tenant, { tenantId })).toEqual(all(tenant, "NOT_FOUND"));
  });

  test("that changes something is refused to a viewer, and to staff who are no members, but for blocking", async () => {
    const changing = having("tenant").filter(({ type }) => type === "mutation");
    const isHold = ({ meta }: Described) => (meta as { permission: string }).permission === "holds:write";
    expect(changing.filter(isHold).map(({ path }) => path)).toEqual([
      "accounts.hold",
      "accounts.letIn",
      "devices.hold",
      "devices.letIn",
    ]);
    for (const principal of [viewer, await createUser("account_manager")])
      expect(await refusals(principal, changing, { tenantId })).toEqual(all(changing, "FORBIDDEN"));
    const others = changing.filter((procedure) => !isHold(procedure));
    for (const principal of [staff, await createUser("support")])
      expect(await refusals(principal, others, { tenantId })).toEqual(all(others, "FORBIDDEN"));
  });

  test("answers as for one that never was, once the tenant is deleted", async () => {
    const gone = await createTenantWithAdmin();
    await callAs(gone.staff).tenants.delete({ tenantId: gone.tenantId });
    const outcomes = await refusals(gone.admin, having("tenant"), { tenantId: gone.tenantId });
    expect(outcomes).toEqual(all(having("tenant"), "NOT_FOUND"));
  });
});

describe("every procedure of staff", () => {
  test("is not there for members and accounts", async () => {
    const forStaff = having("staff");
    expect(forStaff.length).toBeGreaterThan(25);
    for (const principal of [outsider, account])
      expect(await refusals(principal, forStaff)).toEqual(all(forStaff, "NOT_FOUND"));
  });

  test("that changes tenants, plans or gateways is refused to support", async () => {
    const support = await createUser("support");
    const changing = having("staff").filter(
      ({ type, meta }) =>
        // Opening a mail changes nothing but the audit.
        type === "mutation" && !["live:write", "outbox:read"].includes((meta as { permission: string }).permission),
    );
    expect(await refusals(support, changing)).toEqual(all(changing, "FORBIDDEN"));
  });
});

test("every procedure of the portal is not there for users", async () => {
  expect(await refusals(outsider, having("portal"))).toEqual(all(having("portal"), "NOT_FOUND"));
});

describe("a mutation", () => {
  const silent = router({
    forgetful: tenantProcedure("accounts:write").mutation(async ({ ctx }) => {
      await ctx.scope.tx.network.create({ data: { tenantId: ctx.scope.tenantId, name: "x", cidr: "10.77.0.0/24" } });
    }),
    looking: signedInProcedure.query(() => "fine"),
  });
  const call = (principal: Principal) =>
    createCaller(silent)({ principal, address: "", userAgent: "", log: createLog("test") });

  test("that writes no audit entry fails, and leaves nothing", async () => {
    const ours = await createTenantWithAdmin();
    const attempt = call(ours.admin).forgetful({ tenantId: ours.tenantId });
    await expect(attempt).rejects.toThrow("forgetful changed something and wrote no audit entry");
    const details = await callAs(ours.staff).tenants.get({ tenantId: ours.tenantId });
    expect(details.networks.map(({ cidr }) => cidr)).toEqual(["10.0.0.0/24"]);
  });

  test("alone is asked for one", async () => {
    await expect(call(nobody).looking()).resolves.toBe("fine");
  });

  test("that fails rolls back what it did", async () => {
    const ours = await createTenantWithAdmin();
    const attempt = callAs(ours.admin).accounts.create({
      tenantId: ours.tenantId,
      name: "Half",
      email: "half@ladder.test",
      policyIds: [crypto.randomUUID()],
    });
    await expect(attempt).rejects.toMatchObject({ code: "BAD_REQUEST" });
    const { total } = await callAs(ours.admin).accounts.list({ tenantId: ours.tenantId });
    expect(total).toBe(0);
    expect((await callAs(ours.staff).outbox.list({ search: "half@ladder.test" })).total).toBe(0);
  });
});

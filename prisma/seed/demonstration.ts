/** An operator with two tenants, made as people make them: an account manager invites an admin, who does the rest. */
import { inTransaction, system } from "../../server/core/db";
import { fullText } from "../../server/mail/mail";
import { asAccount, asMember, asNobody, asStaff, type Caller } from "./callers";
import { type TenantSeed, tenants } from "./demonstration-data";
import { type OperatorSeed, seedOperator } from "./operator";
import type { SignIn } from "./sign-in";

export async function seedDemonstration(
  password: string,
  administratorEmail: string,
): Promise<{ operator: OperatorSeed; signIns: SignIn[] }> {
  const operator = await seedOperator(password, administratorEmail);
  const signIns: SignIn[] = [];
  for (const tenant of tenants) signIns.push(...(await seedTenant(operator, tenant, password)));
  return { operator, signIns };
}

async function seedTenant(operator: OperatorSeed, seed: TenantSeed, password: string): Promise<SignIn[]> {
  const staff = asStaff(operator.accountManager);
  const [first, ...others] = seed.members;
  const { tenantId, invitationMailId } = await staff.tenants.create({
    name: seed.name,
    slug: seed.slug,
    planId: operator.plans[seed.plan]!,
    homeRegionId: operator.regions[seed.homeRegion]!,
    networks: seed.networks,
    admin: { email: first!.email, name: first!.name },
  });
  const admin = await join(invitationMailId, first!, password);
  for (const member of others) {
    const { mailId } = await admin.members.invite({ tenantId, email: member.email, role: member.role });
    await join(mailId, member, password);
  }

  const groupIds = new Map<string, string>();
  for (const group of seed.groups)
    groupIds.set(group.name, (await admin.devices.createGroup({ tenantId, ...group, deviceIds: [] })).group.id);
  for (const { group, ...device } of seed.devices)
    await admin.devices.create({
      tenantId,
      ...device,
      attachment: device.address ? "routed" : "openvpn",
      groupIds: [groupIds.get(group)!],
    });

  const accountIds = new Map<string, string>();
  for (const { name, email, keepsTemporaryPassword } of seed.accounts) {
    const { account, temporaryPassword } = await admin.accounts.create({ tenantId, name, email, policyIds: [] });
    accountIds.set(name, account.id);
    if (keepsTemporaryPassword) continue;
    const person = asAccount({ tenantId, accountId: account.id, email, name }, { mustChangePassword: true });
    await person.signIn.changePassword({ current: temporaryPassword, next: password });
  }
  for (const { groups, accounts, ...policy } of seed.policies)
    await admin.policies.create({
      tenantId,
      ...policy,
      groupIds: groups.map((name) => groupIds.get(name)!),
      accountIds: accounts.map((name) => accountIds.get(name)!),
    });
  for (const { account, groups, isEndedEarly, ...fields } of seed.grants) {
    const [accountId, ids] = [accountIds.get(account)!, groups.map((name) => groupIds.get(name)!)];
    const { grant } = await admin.grants.create({ tenantId, accountId, groupIds: ids, ...fields });
    if (isEndedEarly) await admin.grants.end({ tenantId, grantId: grant.id });
  }
  for (const { name, rate, held, leftBecause } of seed.accounts) {
    const accountId = accountIds.get(name)!;
    if (rate) await limit(admin, { tenantId, accountId }, rate);
    if (held) await admin.accounts.hold({ tenantId, accountId, ...held });
    if (leftBecause) await admin.accounts.revoke({ tenantId, accountId, reason: leftBecause });
  }

  return [
    { kind: "member", email: first!.email, name: first!.name, who: `admin of ${seed.name}` },
    {
      kind: "account",
      email: seed.accounts[0]!.email,
      name: seed.accounts[0]!.name,
      who: `VPN account of ${seed.name}`,
    },
  ];
}

/** The form of an account says everything that it holds, so it is read first. */
async function limit(
  admin: Caller,
  which: { tenantId: string; accountId: string },
  rate: { down: number; up: number },
): Promise<void> {
  const { name, policies } = await admin.accounts.get(which);
  await admin.accounts.update({ ...which, name, policyIds: policies.map(({ id }) => id), rate });
}

/** Opens the invitation as its person would, from the mail. */
async function join(
  mailId: string,
  { name, email }: { name: string; email: string },
  password: string,
): Promise<Caller> {
  const mail = await inTransaction(system, { isWorker: true }, ({ tx }) =>
    tx.mail.findUniqueOrThrow({ where: { id: mailId } }),
  );
  const token = /\/invitation\/([A-Za-z0-9_-]+)/.exec(fullText(mail))?.[1];
  if (!token) throw new Error(`No invitation's address in the mail to ${email}`);
  await asNobody().invitations.accept({ token, name, password });
  const user = await inTransaction(system, { isStaff: true }, ({ tx }) =>
    tx.user.findUniqueOrThrow({ where: { email } }),
  );
  return asMember({ userId: user.id, email, name });
}

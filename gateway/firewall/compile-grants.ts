/**
 * Grants → one chain an account that has any. In it each grant is a jump that is taken while the account's address is in
 * the grant's own set, from which the kernel drops it at the grant's end: no process of ours has to be alive for that,
 * and a flow that was open under it is judged by its next packet.
 */
import type { GrantValue, TenantDocument } from "../protocol/document";
import type { AccountId, GrantId, TenantId } from "../protocol/ids";
import type { EntryChange } from "../state/entry-change";

/** What one account's grants come to. */
export interface Grantee {
  address: string;
  chain: string;
  grants: { set: string; chain: string; value: GrantValue; until: number }[];
}

/** Null where the account gets nothing: it is not there, not active, or has no grant. */
export function compileGrantee(
  document: TenantDocument,
  accountId: AccountId,
  grantIds: Iterable<GrantId>,
): Grantee | null {
  const account = document.accounts.get(accountId);
  if (!document.tenant || account?.state !== "active") return null;
  const { number } = document.tenant;
  const grants = [...grantIds].sort().flatMap((id) => {
    const value = document.grants.get(id);
    if (!value) return [];
    const key = `${number}_${id.replaceAll("-", "")}`;
    return [{ set: `a_${key}`, chain: `y_${key}`, value, until: Date.parse(value.until) }];
  });
  const chain = `k_${number}_${accountId.replaceAll("-", "")}`;
  return grants.length > 0 ? { address: account.address, chain, grants } : null;
}

/** Which grants an account has, so that a change of the account finds them. */
export class GrantIndex {
  readonly #ids = new Map<TenantId, Map<AccountId, Set<GrantId>>>();

  add(document: TenantDocument): void {
    for (const [id, { account }] of document.grants) this.#put(document.tenantId, account, id);
  }

  /** @returns the accounts whose grants, or who themselves, changed */
  change(tenantId: TenantId, changes: readonly EntryChange[]): Set<AccountId> {
    const touched = new Set<AccountId>();
    for (const change of changes) {
      if (change.kind === "account" && this.of(tenantId, change.id).size > 0) touched.add(change.id);
      if (change.kind !== "grant") continue;
      const { id, before, after } = change;
      if (before) this.#take(tenantId, touch(before.account), id);
      if (after) this.#put(tenantId, touch(after.account), id);
    }
    return touched;

    function touch(account: AccountId): AccountId {
      touched.add(account);
      return account;
    }
  }

  of(tenantId: TenantId, accountId: AccountId): ReadonlySet<GrantId> {
    return this.#ids.get(tenantId)?.get(accountId) ?? new Set();
  }

  accounts(tenantId: TenantId): Iterable<AccountId> {
    return this.#ids.get(tenantId)?.keys() ?? [];
  }

  #put(tenantId: TenantId, accountId: AccountId, id: GrantId): void {
    const accounts = this.#ids.get(tenantId) ?? new Map<AccountId, Set<GrantId>>();
    this.#ids.set(tenantId, accounts.set(accountId, (accounts.get(accountId) ?? new Set()).add(id)));
  }

  #take(tenantId: TenantId, accountId: AccountId, id: GrantId): void {
    const accounts = this.#ids.get(tenantId);
    const ids = accounts?.get(accountId);
    ids?.delete(id);
    if (ids?.size === 0) accounts!.delete(accountId);
  }
}

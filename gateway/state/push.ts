/**
 * One tenant's change, from the wire to the kernel, the sessions and the disk, in this order:
 *
 *   1. memory    from here on nobody is let in by the old document
 *   2. kernel    one transaction; from here on no packet passes that may not (and each that now may, does)
 *   3. sessions  those that may no longer be in are cut, while
 *   4. disk      the change becomes durable
 *   5. reply     says that all of it was seen
 *
 * An addition takes the same way: kernel before disk. If the agent dies in between, the permission stands until the next
 * start compiles the disk's document, and the control plane, which was not answered, pushes again: it wanted it.
 * Where the kernel refuses, nothing is changed. Where the disk refuses, the change holds, the answer is an error, and the
 * repeated push first brings the disk up. A replay is answered only when its sessions are gone too.
 */
import type { Firewall } from "../firewall/firewall";
import type { LiveSession, Sessions } from "../ledger/sessions";
import type { Push } from "../protocol/api";
import type { TenantDocument } from "../protocol/document";
import type { SessionId, TenantId } from "../protocol/ids";
import type { DocumentBook } from "./documents";
import type { EntryChange } from "./entry-change";
import { findObjection } from "./standing";

export type PushOutcome =
  | { outcome: "conflict"; revision: number }
  | { outcome: "applied"; revision: number; ended: SessionId[] };

export interface Enforcer {
  push(tenantId: TenantId, push: Push): Promise<PushOutcome>;
  /** Ends every session that may not be in; after a restart. */
  recheck(): Promise<SessionId[]>;
}

/** @param forget told of each change that the kernel has, to take what is over by it out of the kernel's own tables */
export function createEnforcer(
  documents: DocumentBook,
  firewall: Firewall,
  sessions: () => Sessions,
  forget: (document: TenantDocument, changes: readonly EntryChange[]) => void = () => {},
): Enforcer {
  const queues = new Map<TenantId, Promise<unknown>>();

  const endObjectionable = async (candidates: readonly LiveSession[]): Promise<SessionId[]> => {
    const ended: SessionId[] = [];
    const endings = candidates.map(async (session) => {
      const objection = findObjection(documents, session);
      if (!objection) return;
      ended.push(session.sessionId);
      await sessions().end(session.sessionId, objection.code, objection.reason);
    });
    await Promise.all(endings);
    return ended;
  };

  const ofTenant = (tenantId: TenantId) =>
    sessions()
      .all()
      .filter((session) => session.tenantId === tenantId);

  const affected = (tenantId: TenantId, changes: readonly EntryChange[]) =>
    changes.some(({ kind }) => kind === "tenant")
      ? ofTenant(tenantId)
      : changes.flatMap(({ kind, id }) => {
          if (kind === "account") return sessions().byHolder({ tenantId, accountId: id });
          return kind === "device" ? sessions().byHolder({ tenantId, accountId: null, deviceId: id }) : [];
        });

  const apply = async (tenantId: TenantId, push: Push): Promise<PushOutcome> => {
    await documents.settle(tenantId);
    const staging = documents.stage(tenantId, push);
    if (staging.outcome === "conflict") return { outcome: "conflict", revision: staging.revision };
    if (staging.outcome === "replayed")
      return { outcome: "applied", revision: staging.revision, ended: await endObjectionable(ofTenant(tenantId)) };
    const { document, changes } = staging;
    await firewall.change(document, changes, staging.takeBack);
    const ending = endObjectionable(affected(tenantId, changes));
    forget(document, changes);
    const [ended] = await settleAll([ending, staging.commit()]);
    return { outcome: "applied", revision: document.revision, ended };
  };

  return {
    push(tenantId, push) {
      const done = (queues.get(tenantId) ?? Promise.resolve()).catch(() => {}).then(() => apply(tenantId, push));
      queues.set(tenantId, done);
      return done;
    },
    recheck: () => endObjectionable(sessions().all()),
  };
}

/** As Promise.all, but a failure is thrown only when the others have come to their end too. */
async function settleAll<A, B>(promises: [Promise<A>, Promise<B>]): Promise<[A, B]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

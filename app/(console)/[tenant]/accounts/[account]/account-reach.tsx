"use client";

import { useQuery } from "@tanstack/react-query";
import { ShieldOff } from "lucide-react";
import type { ReactNode } from "react";
import type { Api } from "../../../../_lib/api-types";
import { plural } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { Badge } from "../../../../_ui/badge";
import { Button } from "../../../../_ui/button";
import { Card } from "../../../../_ui/card";
import { EmptyState } from "../../../../_ui/empty-state";
import { ErrorState } from "../../../../_ui/error-state";
import { SkeletonText } from "../../../../_ui/skeleton";
import { TextLink } from "../../../../_ui/text-link";
import { DateTime, TimeAgo } from "../../../../_ui/time-ago";
import { useTenant } from "../../../_lib/use-tenant";
import { GroupLinks } from "../../_components/group-links";
import { formatRules } from "../../policies/rules";

type Reach = Api["accounts"]["reach"];

interface AccountReachProps {
  account: Pick<Api["accounts"]["get"], "id" | "state" | "hold">;
  onEdit: () => void;
}

/** Everything that opens something to this account: its policies, on or off, and its grants in force with their end. */
export function AccountReach({ account, onEdit }: AccountReachProps) {
  const { tenantId, paths, whyNot } = useTenant();
  const trpc = useTRPC();
  const query = useQuery(
    // Grants end by themselves.
    trpc.accounts.reach.queryOptions({ tenantId, accountId: account.id }, { refetchInterval: 10_000 }),
  );
  const reach = query.data;
  const isShut = account.state === "revoked" || account.hold !== null;
  return (
    <Card
      title="What they reach"
      description={reach && summaryOf(reach)}
      actions={
        <Button size="sm" disabledReason={whyNot("accounts:write")} onClick={onEdit}>
          Change policies
        </Button>
      }
      padding="none"
    >
      {!reach ? (
        query.error ? (
          <ErrorState error={query.error} onRetry={query.refetch} isRetrying={query.isFetching} />
        ) : (
          <div className="p-4">
            <SkeletonText lines={3} />
          </div>
        )
      ) : reach.policies.length + reach.grants.length === 0 ? (
        <EmptyState icon={<ShieldOff aria-hidden />} title="Reaches nothing" className="py-8">
          Without a policy or a grant the account can connect, but no packet of it goes anywhere.
        </EmptyState>
      ) : isShut ? (
        <p className="px-4 py-3 text-sm text-muted">
          {account.state === "revoked" ? "Once access is restored" : "Once unblocked"}, what opens again is{" "}
          {[...reach.policies, ...reach.grants].map(({ name }) => name).join(", ")}.
        </p>
      ) : (
        <ul className="divide-y">
          {reach.grants.map((grant) => (
            <Opened
              key={grant.id}
              entry={grant}
              mark={
                <Badge tone="warn">
                  <span>
                    Granted, ends <TimeAgo date={grant.until} />
                  </span>
                </Badge>
              }
              note={
                <>
                  until <DateTime date={grant.until} />
                </>
              }
            >
              <TextLink href={paths.grants} className="truncate">
                {grant.name}
              </TextLink>
            </Opened>
          ))}
          {reach.policies.map((policy) => (
            <Opened key={policy.id} entry={policy} mark={!policy.isEnabled && <Badge>Policy is off</Badge>}>
              <TextLink href={paths.policy(policy.id)} className="truncate">
                {policy.name}
              </TextLink>
            </Opened>
          ))}
        </ul>
      )}
    </Card>
  );
}

interface OpenedProps {
  entry: Reach["policies"][number];
  mark: ReactNode;
  note?: ReactNode;
  children: ReactNode;
}

function Opened({ entry, mark, note, children }: OpenedProps) {
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-0.5 px-4 py-2.5">
      {children}
      {mark}
      <p className="w-full text-xs text-faint">
        {entry.isEnabled ? plural(entry.devices, "device") : "Opens nothing"}
        {" · "}
        <GroupLinks groups={entry.groups} none="no group" />
        {" · "}
        <span className="font-mono">{formatRules(entry.rules)}</span>
        {note && <> · {note}</>}
      </p>
    </li>
  );
}

function summaryOf({ denied, devices }: Reach): string {
  if (denied === "account_revoked") return "Nothing: their access is revoked";
  if (denied === "account_held") return "Nothing while they are blocked";
  if (denied === "tenant_suspended") return "Nothing while the organisation is suspended";
  return devices === 0 ? "No device" : `${plural(devices, "device")}, each on the ports below`;
}

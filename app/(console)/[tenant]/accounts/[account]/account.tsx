"use client";

import { useQuery } from "@tanstack/react-query";
import { Ellipsis, Pencil, UserRoundCheck, UserRoundX, UserX } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { BlockedUntil } from "../../../../_blocks/blocked-until";
import { formatRate } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Callout } from "../../../../_ui/callout";
import { Card } from "../../../../_ui/card";
import { Copyable } from "../../../../_ui/copyable";
import { DropdownMenu } from "../../../../_ui/dropdown-menu";
import { EmptyState } from "../../../../_ui/empty-state";
import { ErrorState } from "../../../../_ui/error-state";
import { KeyValue } from "../../../../_ui/key-value";
import { LinkButton } from "../../../../_ui/link-button";
import { PageHeader } from "../../../../_ui/page-header";
import { SkeletonText } from "../../../../_ui/skeleton";
import { DateTime, TimeAgo } from "../../../../_ui/time-ago";
import { usePanel } from "../../../../_ui/use-panel";
import { useTenant } from "../../../_lib/use-tenant";
import { ActionCommands } from "../../_components/action-commands";
import { AccountAction, type AccountActionName, accountActions } from "../account-action";
import { AccountStatus } from "../account-status";
import { AccountCertificates } from "./account-certificates";
import { AccountReach } from "./account-reach";
import { AccountRefusals } from "./account-refusals";
import { AccountRefusedPackets } from "./account-refused-packets";
import { AccountSessions } from "./account-sessions";
import { EditAccountSheet } from "./edit-account-sheet";

/** Everything about one person's way in. */
export function AccountPage({ accountId }: { accountId: string }) {
  const tenant = useTenant();
  const trpc = useTRPC();
  const router = useRouter();
  const panel = usePanel();
  const [acting, setActing] = useState<AccountActionName>();
  const query = useQuery(
    trpc.accounts.get.queryOptions({ tenantId: tenant.tenantId, accountId }, { refetchInterval: 5_000 }),
  );
  const breadcrumbs = [{ label: "VPN accounts", href: tenant.paths.accounts }];
  const account = query.data;
  if (!account) {
    const isMissing = query.error && (query.error.data?.httpStatus ?? 500) < 500;
    return (
      <>
        <PageHeader title="Account" breadcrumbs={breadcrumbs} />
        {isMissing ? (
          <EmptyState
            frame="box"
            icon={<UserX aria-hidden />}
            title="There is no such account"
            action={<LinkButton href={tenant.paths.accounts}>All accounts</LinkButton>}
          >
            It was deleted, or the address of this page is not whole. What it did is still in the audit.
          </EmptyState>
        ) : query.error ? (
          <ErrorState error={query.error} onRetry={query.refetch} isRetrying={query.isFetching} frame="box" />
        ) : (
          <SkeletonText lines={6} />
        )}
      </>
    );
  }
  const isRevoked = account.state === "revoked";
  const actions = accountActions(account, tenant, setActing);
  const refused = tenant.whyNot("accounts:write");
  return (
    <>
      <PageHeader
        title={account.name}
        breadcrumbs={breadcrumbs}
        badge={<AccountStatus account={account} />}
        actions={
          <>
            <DropdownMenu
              trigger={<Button size="icon" aria-label="More actions" icon={<Ellipsis aria-hidden />} />}
              items={actions}
            />
            <Button icon={<Pencil aria-hidden />} disabledReason={refused} onClick={() => panel.open("edit")}>
              Edit
            </Button>
            {isRevoked ? (
              <Button
                variant="primary"
                icon={<UserRoundCheck aria-hidden />}
                disabledReason={refused}
                onClick={() => setActing("restore")}
              >
                Restore access
              </Button>
            ) : (
              <Button
                variant="danger"
                icon={<UserRoundX aria-hidden />}
                disabledReason={refused}
                onClick={() => setActing("revoke")}
              >
                Revoke access
              </Button>
            )}
          </>
        }
      />
      <ActionCommands group={account.name} items={actions} />
      <div className="flex flex-col gap-5">
        {isRevoked && (
          <Callout tone="bad" title="Access is revoked">
            {account.revokedReason}
          </Callout>
        )}
        {!isRevoked && account.hold && (
          <Callout
            tone="warn"
            title="Blocked for a while"
            action={
              <Button size="sm" disabledReason={tenant.whyNot("holds:write")} onClick={() => setActing("unblock")}>
                Unblock
              </Button>
            }
          >
            Every gateway turns {account.name} away <BlockedUntil hold={account.hold} />
          </Callout>
        )}
        {!isRevoked && account.mustChangePassword && (
          <Callout
            tone="warn"
            title="The temporary password was not replaced yet"
            action={
              <Button size="sm" disabledReason={refused} onClick={() => setActing("link")}>
                Send a link
              </Button>
            }
          >
            The VPN stays shut until {account.name} signs in to the portal and chooses another.{" "}
            {account.passwordExpiresAt && (
              <>
                It {account.passwordExpiresAt < new Date() ? "stopped working" : "works until"}{" "}
                <DateTime date={account.passwordExpiresAt} />.
              </>
            )}
          </Callout>
        )}
        <div className="grid items-start gap-5 lg:grid-cols-2">
          <Card title="Details">
            <KeyValue
              items={[
                { label: "Email", value: <Copyable text={account.email} plain /> },
                { label: "VPN address", value: <Copyable text={account.address} /> },
                account.rate && { label: "Speed at most", value: <Ceiling {...account.rate} /> },
                { label: "Created", value: <DateTime date={account.createdAt} /> },
                {
                  label: "Last session",
                  value: account.isOnline ? (
                    `connected now, at ${account.lastSession?.gatewayName}`
                  ) : (
                    <TimeAgo date={account.lastSession?.connectedAt} fallback="never" />
                  ),
                },
              ]}
            />
          </Card>
          <AccountReach account={account} onEdit={() => panel.open("edit")} />
        </div>
        <AccountSessions sessions={account.sessions} />
        <div className="grid items-start gap-5 lg:grid-cols-2">
          <AccountRefusedPackets account={account} />
          <AccountRefusals refusals={account.refusals} />
          <AccountCertificates account={account} />
        </div>
      </div>
      <EditAccountSheet account={account} open={panel.is("edit")} onOpenChange={panel.onOpenChange} />
      {acting && (
        <AccountAction
          name={acting}
          account={account}
          onClose={() => setActing(undefined)}
          onDeleted={() => router.replace(tenant.paths.accounts)}
        />
      )}
    </>
  );
}

/** In kbit/s, as the client sees it. */
function Ceiling({ down, up }: { down: number; up: number }) {
  const format = (kbps: number) => formatRate((kbps * 1000) / 8);
  return `${format(down)} down, ${format(up)} up`;
}

"use client";

import { UserRoundX } from "lucide-react";
import { paths } from "../../../_lib/paths";
import { EmptyState } from "../../../_ui/empty-state";
import { ErrorState } from "../../../_ui/error-state";
import { LinkButton } from "../../../_ui/link-button";

interface NotShownProps {
  error: { message: string; data?: { code: string } | null };
  onRetry: () => unknown;
  isRetrying: boolean;
}

/** Why a page of the portal has nothing to show: refused to somebody revoked, for whom trying again is no use, or failed. */
export function NotShown({ error, onRetry, isRetrying }: NotShownProps) {
  if (error.data?.code !== "FORBIDDEN")
    return <ErrorState error={error} onRetry={onRetry} isRetrying={isRetrying} frame="box" />;
  return (
    <EmptyState
      frame="box"
      icon={<UserRoundX aria-hidden />}
      title="Not while your access is shut"
      action={<LinkButton href={paths.portal.home}>Status</LinkButton>}
    >
      {error.message}
    </EmptyState>
  );
}

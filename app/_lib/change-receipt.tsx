"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { ErrorState } from "../_ui/error-state";
import { Receipt, type ReceiptTarget, receiptState } from "../_ui/receipt";
import { toast } from "../_ui/toast";
import type { Api } from "./api-types";
import { useTRPC } from "./trpc";

/** A change in its three tenses: "Revoking access", "Access revoked", "Access not revoked everywhere". */
export interface ChangeWords {
  pending: string;
  done: string;
  failed: string;
}

interface ChangeReceiptProps {
  tenantId: string;
  revision: number;
  words?: ChangeWords;
  /** Only the headline and the bar. */
  compact?: boolean;
  /** Told once every gateway enforces it, and again if one that failed comes through. */
  onSettled?: (state: "done" | "failed") => void;
}

/**
 * A change becoming true, gateway by gateway. Asks until each of them enforces it; one that cannot be reached counts as
 * failed and is still asked about, since the control plane goes on trying.
 */
export function ChangeReceipt({ tenantId, revision, words = inForce, compact, onSettled }: ChangeReceiptProps) {
  const trpc = useTRPC();
  const receipt = useQuery(
    trpc.revisions.receipt.queryOptions(
      { tenantId, revision },
      {
        refetchInterval: ({ state }) => {
          const progress = state.data && receiptState(targetsOf(state.data));
          return progress === "done" ? false : progress === "failed" ? 2_000 : 200;
        },
        // Whoever looks at another window meanwhile wants the result there when they come back.
        refetchIntervalInBackground: true,
      },
    ),
  );
  const targets = receipt.data ? targetsOf(receipt.data) : [];
  const progress = receipt.data ? receiptState(targets) : "pending";
  const settle = useRef(onSettled);
  settle.current = onSettled;
  useEffect(() => {
    if (progress !== "pending") settle.current?.(progress);
  }, [progress]);
  if (receipt.error && !receipt.data)
    return <ErrorState error={receipt.error} title="The receipt could not be read" onRetry={receipt.refetch} />;
  return (
    <Receipt
      words={words}
      targets={receipt.data ? targets : unasked}
      noun={receipt.data ? "gateway" : "answer"}
      startedAt={receipt.data?.at}
      compact={compact}
    />
  );
}

/**
 * For a mutation that gave a revision where nothing else shows it: the receipt runs in a corner of the screen, goes by
 * itself once the change is in force and stays where it failed. What is on the screen is read again.
 */
export function useAnnounceChange(tenantId: string): (revision: number, words?: ChangeWords) => void {
  const queryClient = useQueryClient();
  return useCallback(
    (revision, words) => {
      void queryClient.invalidateQueries();
      toast.live(`change-${tenantId}-${revision}`, (leave) => (
        <ChangeReceipt
          compact
          tenantId={tenantId}
          revision={revision}
          words={words}
          onSettled={(state) => {
            if (state === "done") leave();
          }}
        />
      ));
    },
    [queryClient, tenantId],
  );
}

const inForce: ChangeWords = {
  pending: "Telling the gateways",
  done: "In force",
  failed: "Not in force everywhere",
};

const unasked: ReceiptTarget[] = [{ id: "unasked", name: "Asking the gateways", status: "pending" }];

const statuses = { pending: "pending", enforced: "done", failed: "failed" } as const;

function targetsOf(receipt: Api["revisions"]["receipt"]): ReceiptTarget[] {
  return receipt.gateways.map((gateway) => ({
    id: gateway.gatewayId,
    name: gateway.name,
    status: statuses[gateway.status],
    detail: gateway.error ?? gateway.region,
    durationMs: gateway.ms ?? undefined,
  }));
}

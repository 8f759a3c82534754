"use client";

import { Check, X } from "lucide-react";
import type { ReactNode } from "react";
import { formatDuration, formatNumber, plural } from "../_lib/format";
import { cn } from "./cn";
import { Spinner } from "./spinner";
import { useNow } from "./use-now";

export interface ReceiptTarget {
  id: string;
  name: ReactNode;
  status: "pending" | "done" | "failed";
  /** Why it failed; where it stands. */
  detail?: ReactNode;
  /** How long it took, once done. */
  durationMs?: number;
}

interface ReceiptProps {
  /** What happens to the targets, in its three tenses: "Revoking access", "Access revoked", "Access not revoked everywhere". */
  words: { pending: string; done: string; failed: string };
  targets: readonly ReceiptTarget[];
  /** The word for one target. */
  noun?: string;
  /** When the change was made: while targets are pending, the time since is shown beside them. */
  startedAt?: Date | string | number;
  /** Only the headline and the bar, for a table's cell or a toast. */
  compact?: boolean;
  className?: string;
}

/** A change becoming true, target by target. What it says is read out as it changes. */
export function Receipt({ words, targets, noun = "gateway", startedAt, compact = false, className }: ReceiptProps) {
  const state = receiptState(targets);
  return (
    <section
      aria-label={words[state]}
      className={cn(
        "min-w-0",
        !compact && "overflow-hidden rounded-lg border bg-surface transition-colors duration-300",
        !compact && state === "done" && "border-ok/40",
        !compact && state === "failed" && "border-bad/40",
        className,
      )}
    >
      <div className={cn("flex items-center gap-3", compact ? "gap-2" : "px-4 pt-3.5 pb-3")}>
        <Seal state={state} compact={compact} />
        <div className="min-w-0 flex-1">
          <p className={cn("truncate", compact ? "text-sm" : "text-base font-medium")}>{words[state]}</p>
          <p className="truncate text-xs text-muted" role="status" aria-live="polite" aria-atomic>
            {summarizeReceipt(targets, noun)}
          </p>
        </div>
      </div>
      <div aria-hidden className={cn("flex gap-1", compact ? "mt-1.5" : "px-4 pb-3.5")}>
        {targets.map((target) => (
          <span key={target.id} className="h-1 min-w-0 flex-1 overflow-hidden rounded-full bg-active">
            <span
              className={cn(
                "block h-full origin-left rounded-full transition-transform duration-300 ease-out",
                target.status === "pending" && "w-2/5 animate-sweep bg-line-control",
                target.status === "done" && "bg-ok",
                target.status === "failed" && "bg-bad",
              )}
            />
          </span>
        ))}
      </div>
      {!compact && targets.length > 0 && (
        <ul className="divide-y border-t">
          {targets.map((target) => (
            <li key={target.id} className="flex min-h-10 items-center gap-3 px-4 py-2">
              <StatusMark status={target.status} />
              <span className="min-w-0 flex-1">
                <span className="block truncate text-ink">{target.name}</span>
                {target.detail && (
                  <span className={cn("block text-xs", target.status === "failed" ? "text-bad-text" : "text-faint")}>
                    {target.detail}
                  </span>
                )}
              </span>
              <span className="shrink-0 text-xs text-muted">
                {target.status === "done" && target.durationMs !== undefined && formatDuration(target.durationMs)}
                {target.status === "done" && target.durationMs === undefined && "done"}
                {target.status === "pending" && (startedAt ? <Waiting since={startedAt} /> : "waiting")}
                {target.status === "failed" && "failed"}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Failed if any failed, done once all are; with no targets at all there is nothing to wait for. */
export function receiptState(targets: readonly Pick<ReceiptTarget, "status">[]): ReceiptTarget["status"] {
  if (targets.some((target) => target.status === "failed")) return "failed";
  return targets.some((target) => target.status === "pending") ? "pending" : "done";
}

/** "2 of 2 gateways, slowest 38 ms" */
export function summarizeReceipt(targets: readonly ReceiptTarget[], noun: string): string {
  if (targets.length === 0) return `no ${noun} is concerned`;
  const done = targets.filter((target) => target.status === "done");
  const failed = targets.filter((target) => target.status === "failed");
  const times = done.flatMap((target) => (target.durationMs === undefined ? [] : [target.durationMs]));
  const parts = [`${formatNumber(done.length)} of ${plural(targets.length, noun)}`];
  if (failed.length > 0) parts.push(`${formatNumber(failed.length)} failed`);
  if (times.length > 0) parts.push(`${times.length > 1 ? "slowest " : ""}${formatDuration(Math.max(...times))}`);
  return parts.join(", ");
}

function Seal({ state, compact }: { state: ReceiptTarget["status"]; compact: boolean }) {
  return (
    <span
      aria-hidden
      className={cn(
        "flex shrink-0 items-center justify-center rounded-full transition-colors duration-300",
        compact ? "size-5" : "size-8",
        state === "pending" && "bg-hover text-muted",
        state === "done" && "bg-ok-soft text-ok-text",
        state === "failed" && "bg-bad-soft text-bad-text",
      )}
    >
      {state === "pending" && <Spinner className={compact ? "size-3" : "size-4"} />}
      {state === "done" && (
        <svg
          aria-hidden
          viewBox="0 0 16 16"
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
          className={compact ? "size-3.5" : "size-5"}
        >
          <path d="M3.5 8.5l3 3 6-7" pathLength={1} strokeDasharray={1} className="animate-draw" />
        </svg>
      )}
      {state === "failed" && <X className={compact ? "size-3.5" : "size-5"} />}
    </span>
  );
}

function StatusMark({ status }: { status: ReceiptTarget["status"] }) {
  if (status === "pending") return <Spinner className="size-4 text-faint" />;
  return status === "done" ? (
    <Check aria-label="done" className="size-4 shrink-0 animate-pop-in text-ok-text" strokeWidth={2.5} />
  ) : (
    <X aria-label="failed" className="size-4 shrink-0 animate-pop-in text-bad-text" strokeWidth={2.5} />
  );
}

function Waiting({ since }: { since: Date | string | number }) {
  const now = useNow(100);
  const ms = now ? Math.max(0, now.getTime() - new Date(since).getTime()) : 0;
  return <>{formatDuration(ms < 10_000 ? Math.round(ms / 100) * 100 : ms)}</>;
}

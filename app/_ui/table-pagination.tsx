"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import { formatNumber } from "../_lib/format";
import { Button } from "./button";
import type { TableState } from "./use-table-state";

interface TablePaginationProps {
  state: Pick<TableState, "page" | "pageSize" | "setPage" | "turnPage" | "setPageSize">;
  total: number;
  /** There are more than `total`. */
  isMore?: boolean;
  /** Keys of the first row and of the last, where the list pages by key. */
  first?: string;
  last?: string;
  /** Rows on this page. */
  shown: number;
  label: string;
}

export function TablePagination({ state, total, isMore = false, first, last, shown, label }: TablePaginationProps) {
  const from = (state.page - 1) * state.pageSize + 1;
  const to = from + shown - 1;
  const hasNext = shown === state.pageSize && (isMore || to < total);
  const previous = state.page - 1;
  const next = state.page + 1;
  const jump = (page: number) => {
    if (Number.isInteger(page) && page >= 1 && page !== state.page) state.setPage(page);
  };
  const sizes = [...new Set([25, 50, 100, state.pageSize])].sort((a, b) => a - b);
  return (
    <nav
      aria-label={`Pages of ${label}`}
      className="flex min-h-11 items-center justify-between gap-3 border-t px-4 py-1.5 text-xs text-muted"
    >
      <p>
        <span className="text-ink">
          {formatNumber(from)}–{formatNumber(to)}
        </span>{" "}
        of {formatNumber(total)}
        {isMore && "+"}
      </p>
      <div className="flex items-center gap-3">
        {total > 25 && (
          <label className="flex items-center gap-1.5 max-sm:hidden">
            Rows
            <select
              value={state.pageSize}
              onChange={(event) => state.setPageSize(Number(event.target.value))}
              className="h-7 rounded-md border border-line-strong bg-surface px-1 text-xs text-ink"
            >
              {sizes.map((size) => (
                <option key={size} value={size}>
                  {size}
                </option>
              ))}
            </select>
          </label>
        )}
        {total > state.pageSize && (
          <label className="flex items-center gap-1.5 max-sm:hidden">
            Page
            <input
              key={state.page}
              type="number"
              min={1}
              defaultValue={state.page}
              onBlur={(event) => jump(event.target.valueAsNumber)}
              onKeyDown={(event) => event.key === "Enter" && jump(event.currentTarget.valueAsNumber)}
              className="h-7 w-16 rounded-md border border-line-strong bg-surface px-1.5 text-xs text-ink"
            />
          </label>
        )}
        <div className="flex gap-1">
          <Button
            size="icon-sm"
            variant="ghost"
            aria-label="Previous page"
            disabled={state.page <= 1}
            onClick={() =>
              first === undefined ? state.setPage(previous) : state.turnPage(previous, { before: first })
            }
            icon={<ChevronLeft aria-hidden />}
          />
          <Button
            size="icon-sm"
            variant="ghost"
            aria-label="Next page"
            disabled={!hasNext}
            onClick={() => (last === undefined ? state.setPage(next) : state.turnPage(next, { after: last }))}
            icon={<ChevronRight aria-hidden />}
          />
        </div>
      </div>
    </nav>
  );
}

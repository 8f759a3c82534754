"use client";

import { ChevronLeft, ChevronRight } from "lucide-react";
import { formatNumber } from "../_lib/format";
import { Button } from "./button";
import type { TableState } from "./use-table-state";

interface TablePaginationProps {
  state: Pick<TableState, "page" | "pageSize" | "setPage" | "setPageSize">;
  total: number;
  label: string;
}

export function TablePagination({ state, total, label }: TablePaginationProps) {
  const first = Math.min(total, (state.page - 1) * state.pageSize + 1);
  const last = Math.min(total, state.page * state.pageSize);
  const sizes = [...new Set([25, 50, 100, state.pageSize])].sort((a, b) => a - b);
  return (
    <nav
      aria-label={`Pages of ${label}`}
      className="flex min-h-11 items-center justify-between gap-3 border-t px-4 py-1.5 text-xs text-muted"
    >
      <p>
        <span className="text-ink">
          {formatNumber(first)}–{formatNumber(last)}
        </span>{" "}
        of {formatNumber(total)}
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
        <div className="flex gap-1">
          <Button
            size="icon-sm"
            variant="ghost"
            aria-label="Previous page"
            disabled={state.page <= 1}
            onClick={() => state.setPage(state.page - 1)}
            icon={<ChevronLeft aria-hidden />}
          />
          <Button
            size="icon-sm"
            variant="ghost"
            aria-label="Next page"
            disabled={last >= total}
            onClick={() => state.setPage(state.page + 1)}
            icon={<ChevronRight aria-hidden />}
          />
        </div>
      </div>
    </nav>
  );
}

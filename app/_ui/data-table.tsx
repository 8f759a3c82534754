// biome-ignore-all lint/a11y/noRedundantRoles: on a phone the parts of the table are laid out as blocks, which takes their own roles away
"use client";

import { type ColumnDef, getCoreRowModel, type RowSelectionState, useReactTable } from "@tanstack/react-table";
import { SearchX } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { formatNumber } from "../_lib/format";
import { Button } from "./button";
import { cn } from "./cn";
import type { MenuEntry } from "./dropdown-menu";
import { EmptyState } from "./empty-state";
import { ErrorState } from "./error-state";
import { useShortcuts } from "./shortcuts";
import type { Column } from "./table-column";
import { TableHead } from "./table-head";
import { TablePagination } from "./table-pagination";
import { SkeletonRow, TableRow } from "./table-row";
import { type TableFilter, TableToolbar } from "./table-toolbar";
import type { TableState } from "./use-table-state";

export type { Column };

/** What a query for a list gives: `useQuery(trpc.x.list.queryOptions(…, { placeholderData: keepPreviousData }))`. */
interface ListQuery<Row> {
  /** `isMore`: the count stopped at `total`. `first` and `last`: keys of these rows, in a list that pages by key. */
  data?: { rows: readonly Row[]; total: number; isMore?: boolean; first?: string; last?: string };
  isPending: boolean;
  isFetching: boolean;
  error: unknown;
  refetch: () => unknown;
}

interface DataTableProps<Row, Filter extends string> {
  /** What the rows are, in the plural: "VPN accounts". */
  label: string;
  /** The first is what a row is known by: it carries the link. */
  columns: readonly Column<Row>[];
  query: ListQuery<Row>;
  state: TableState<Filter>;
  rowId: (row: Row) => string;
  /** Where a row leads, or what it opens. */
  rowHref?: (row: Row) => string;
  onOpen?: (row: Row) => void;
  rowMenu?: (row: Row) => readonly MenuEntry[];
  /** The row shown in a panel beside the table. */
  openRowId?: string | null;
  /** What the search looks through: "Search by name or address". false leaves it out. */
  searchPlaceholder?: string | false;
  filters?: readonly TableFilter<Filter>[];
  /** Lets rows be chosen, and draws what can be done with them. */
  bulkActions?: (chosen: Row[], clear: () => void) => ReactNode;
  isSelectable?: (row: Row) => boolean;
  /** Beside the filters. */
  toolbar?: ReactNode;
  /** Shown when there is nothing at all; when a search finds nothing, the table says so itself. */
  empty: ReactNode;
}

/** A list that the server pages, sorts, filters and searches. `/` searches, j and k move, Enter opens, x chooses. */
export function DataTable<Row, Filter extends string = never>(props: DataTableProps<Row, Filter>) {
  const { label, columns, query, state, rowId, rowHref, onOpen, rowMenu, openRowId, bulkActions, isSelectable, empty } =
    props;
  const router = useRouter();
  const [selection, setSelection] = useState<RowSelectionState>({});
  const searchRef = useRef<HTMLInputElement>(null);
  const bodyRef = useRef<HTMLTableSectionElement>(null);
  const rows = query.data?.rows ?? [];
  const total = query.data?.total ?? 0;
  const isSelecting = bulkActions !== undefined;

  const table = useReactTable<Row>({
    data: rows as Row[],
    columns: noColumns as ColumnDef<Row>[],
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    manualPagination: true,
    manualSorting: true,
    manualFiltering: true,
    rowCount: total,
    state: { rowSelection: selection },
    onRowSelectionChange: setSelection,
    enableRowSelection: isSelecting && (isSelectable ? (row) => isSelectable(row.original) : true),
  });

  // Rows may have gone since the address was written: the last page that there is stands in for one past it.
  const lastPage = Math.max(1, Math.ceil(total / state.pageSize));
  // Where the count stopped, there are pages past the last one counted; an empty one is past them all.
  const isPastEnd =
    query.data !== undefined && !query.isFetching && state.page > lastPage && (!query.data.isMore || rows.length === 0);
  const { setPage } = state;
  useEffect(() => {
    if (isPastEnd) setPage(lastPage);
  }, [isPastEnd, lastPage, setPage]);

  const open = (row: Row) => {
    if (rowHref) router.push(rowHref(row));
    else onOpen?.(row);
  };
  const rowElements = () => [...(bodyRef.current?.querySelectorAll<HTMLElement>("tr[data-row]") ?? [])];
  const move = (step: number) => {
    const elements = rowElements();
    const at = elements.indexOf(document.activeElement?.closest<HTMLElement>("tr[data-row]") as HTMLElement);
    const next =
      at === -1 ? (step > 0 ? 0 : elements.length - 1) : Math.min(elements.length - 1, Math.max(0, at + step));
    elements[next]?.focus();
  };
  const isSearchable = props.searchPlaceholder !== false;
  useShortcuts([
    ...(isSearchable
      ? [{ keys: "/", label: `Search ${label}`, group: "Lists", run: () => searchRef.current?.focus() }]
      : []),
    { keys: "j", label: "Next row", group: "Lists", run: () => move(1) },
    { keys: "k", label: "Previous row", group: "Lists", run: () => move(-1) },
  ]);

  // What was chosen stays chosen on other pages, as it was when it was last seen.
  const seen = useRef(new Map<string, Row>());
  for (const row of isSelecting ? rows : []) seen.current.set(rowId(row), row);
  const chosen = Object.keys(selection).flatMap((id) => seen.current.get(id) ?? []);
  const clearSelection = () => setSelection({});
  const isStale = query.isFetching && query.data !== undefined && !query.error;

  return (
    <div className="min-w-0">
      <TableToolbar
        label={label}
        state={state}
        searchRef={searchRef}
        searchPlaceholder={props.searchPlaceholder}
        filters={props.filters}
        onLeaveSearch={() => move(1)}
        trailing={props.toolbar}
      />
      <div className="overflow-hidden rounded-lg border bg-surface">
        {isSelecting && chosen.length > 0 && (
          <div className="flex min-h-11 flex-wrap items-center gap-2 border-b bg-brand-soft px-3 py-1.5" role="status">
            <span className="mr-1 text-sm font-medium">{formatNumber(chosen.length)} chosen</span>
            {bulkActions(chosen, clearSelection)}
            <Button size="sm" variant="ghost" className="ml-auto" onClick={clearSelection}>
              Clear
            </Button>
          </div>
        )}
        {query.error && !query.data ? (
          <ErrorState
            error={query.error}
            title={`${label} could not be loaded`}
            onRetry={query.refetch}
            isRetrying={query.isFetching}
          />
        ) : !query.isPending && total === 0 ? (
          state.isFiltered ? (
            <EmptyState
              icon={<SearchX aria-hidden />}
              title="Nothing matches"
              action={<Button onClick={state.clear}>Clear search and filters</Button>}
            >
              No {lowerFirst(label)} fit the search and the filters.
            </EmptyState>
          ) : (
            empty
          )
        ) : (
          <div className="sm:max-h-[max(22rem,calc(100dvh-15rem))] sm:overflow-auto sm:overscroll-x-contain">
            <table
              role="table"
              aria-label={label}
              aria-rowcount={total}
              aria-busy={query.isFetching || undefined}
              className="w-full border-separate border-spacing-0 max-sm:block"
            >
              <TableHead
                columns={columns}
                sort={state.sort}
                onSort={state.setSort}
                hasMenu={rowMenu !== undefined}
                selection={
                  isSelecting
                    ? {
                        all: table.getIsAllRowsSelected(),
                        some: table.getIsSomeRowsSelected(),
                        toggle: (all) => table.toggleAllRowsSelected(all),
                      }
                    : undefined
                }
              />
              <tbody
                ref={bodyRef}
                role="rowgroup"
                className={cn("max-sm:block", isStale && "opacity-60 transition-opacity delay-150")}
              >
                {query.isPending
                  ? Array.from({ length: 8 }, (_, index) => (
                      <SkeletonRow
                        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
                        key={index}
                        columns={columns}
                        lead={isSelecting}
                        tail={Boolean(rowMenu)}
                        index={index}
                      />
                    ))
                  : table
                      .getRowModel()
                      .rows.map((row) => (
                        <TableRow
                          key={row.id}
                          row={row}
                          columns={columns}
                          href={rowHref?.(row.original)}
                          onOpen={rowHref || onOpen ? () => open(row.original) : undefined}
                          isOpen={openRowId === row.id}
                          isSelecting={isSelecting}
                          menu={rowMenu?.(row.original)}
                          onMove={move}
                        />
                      ))}
              </tbody>
            </table>
          </div>
        )}
        {total > 0 && !(query.error && !query.data) && (
          <TablePagination
            state={state}
            total={total}
            isMore={query.data?.isMore}
            first={query.data?.first}
            last={query.data?.last}
            shown={rows.length}
            label={label}
          />
        )}
      </div>
    </div>
  );
}

/** The table keeps track of rows and of what is chosen; what a column shows is drawn from `Column`. */
const noColumns: never[] = [];

function lowerFirst(text: string): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

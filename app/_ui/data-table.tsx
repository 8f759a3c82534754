// biome-ignore-all lint/a11y/noRedundantRoles: on a phone the parts of the table are laid out as blocks, which takes their own roles away
"use client";

import { flexRender, getCoreRowModel, type RowSelectionState, useReactTable } from "@tanstack/react-table";
import { ArrowDown, ArrowUp, ChevronsUpDown, Ellipsis, SearchX } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "./button";
import { Checkbox } from "./checkbox";
import { cn } from "./cn";
import { DropdownMenu, type MenuItem, type MenuSeparator } from "./dropdown-menu";
import { EmptyState } from "./empty-state";
import { ErrorState } from "./error-state";
import { useShortcuts } from "./shortcuts";
import { Skeleton } from "./skeleton";
import { TablePagination } from "./table-pagination";
import { type TableFilter, TableToolbar } from "./table-toolbar";
import type { TableState } from "./use-table-state";

export interface Column<Row> {
  /** Also what is sorted by, and so a word that the server knows. */
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  sortable?: boolean;
  align?: "left" | "right" | "center";
  /** Any CSS width; others share what is left. */
  width?: string;
  /** Addresses and ids. */
  mono?: boolean;
  /** Left out on screens narrower than this. On a phone every row is a card, which shows what is not left out. */
  hideBelow?: "sm" | "md" | "lg" | "xl";
}

/** What a query for a list gives: `useQuery(trpc.x.list.queryOptions(…, { placeholderData: keepPreviousData }))`. */
interface ListQuery<Row> {
  data?: { rows: readonly Row[]; total: number };
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
  rowMenu?: (row: Row) => readonly (MenuItem | MenuSeparator | false | null | undefined)[];
  /** The row shown in a panel beside the table. */
  openRowId?: string | null;
  /** What the search looks through: "Search by name or address". false leaves it out. */
  searchPlaceholder?: string | false;
  filters?: readonly TableFilter<Filter>[];
  /** Lets rows be chosen, and draws what can be done with them. */
  bulkActions?: (ids: string[], clear: () => void) => ReactNode;
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
    columns: useMemo(
      () =>
        columns.map((column) => ({
          id: column.id,
          header: column.header,
          cell: ({ row }: { row: { original: Row } }) => column.cell(row.original),
        })),
      [columns],
    ),
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
  const isPastEnd = query.data !== undefined && !query.isFetching && state.page > lastPage;
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

  const ids = Object.keys(selection);
  const clearSelection = () => setSelection({});
  const isOpenable = Boolean(rowHref || onOpen);
  const shownRows = table.getRowModel().rows;
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
        {isSelecting && ids.length > 0 && (
          <div className="flex min-h-11 flex-wrap items-center gap-2 border-b bg-brand-soft px-3 py-1.5" role="status">
            <span className="mr-1 text-sm font-medium">{ids.length} chosen</span>
            {bulkActions(ids, clearSelection)}
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
              <thead role="rowgroup" className="max-sm:sr-only">
                <tr role="row">
                  {isSelecting && (
                    <th role="columnheader" scope="col" className={cn(headStyle, "w-9 pr-0")}>
                      <Checkbox
                        aria-label="Choose all on this page"
                        className="mt-0"
                        value={table.getIsAllRowsSelected()}
                        indeterminate={table.getIsSomeRowsSelected() && !table.getIsAllRowsSelected()}
                        onValueChange={(checked) => table.toggleAllRowsSelected(checked)}
                      />
                    </th>
                  )}
                  {columns.map((column) => (
                    <HeadCell key={column.id} column={column} sort={state.sort} onSort={state.setSort} />
                  ))}
                  {rowMenu && (
                    <th role="columnheader" scope="col" className={cn(headStyle, "w-11")}>
                      <span className="sr-only">Actions</span>
                    </th>
                  )}
                </tr>
              </thead>
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
                  : shownRows.map((row) => {
                      const isOpen = openRowId !== undefined && openRowId === row.id;
                      const press = (event: MouseEvent) => {
                        if (!isOpenable || isInteractive(event.target)) return;
                        if (window.getSelection()?.toString()) return;
                        if (rowHref && (event.metaKey || event.ctrlKey))
                          window.open(rowHref(row.original), "_blank", "noopener");
                        else open(row.original);
                      };
                      const keyDown = (event: KeyboardEvent) => {
                        if (event.target !== event.currentTarget) return;
                        if (event.key === "Enter" && isOpenable) open(row.original);
                        else if (event.key === "ArrowDown") move(1);
                        else if (event.key === "ArrowUp") move(-1);
                        else if (event.key === "x" && row.getCanSelect()) row.toggleSelected();
                        else return;
                        event.preventDefault();
                      };
                      return (
                        <tr
                          key={row.id}
                          role="row"
                          data-row
                          tabIndex={-1}
                          aria-selected={isSelecting ? row.getIsSelected() : undefined}
                          onClick={press}
                          onKeyDown={keyDown}
                          className={cn(
                            "group/row max-sm:relative max-sm:block max-sm:border-b max-sm:px-4 max-sm:py-3 max-sm:last:border-b-0",
                            "focus:outline-2 focus:-outline-offset-2 focus:outline-ring",
                            isOpenable && "cursor-pointer hover:bg-hover/70",
                            (row.getIsSelected() || isOpen) && "bg-brand-soft hover:bg-brand-soft",
                          )}
                        >
                          {isSelecting && (
                            <td
                              role="cell"
                              className={cn(cellStyle, "w-9 pr-0 max-sm:float-left max-sm:mr-3 max-sm:w-auto")}
                            >
                              <Checkbox
                                aria-label="Choose this row"
                                className="mt-0"
                                value={row.getIsSelected()}
                                disabled={!row.getCanSelect()}
                                onValueChange={(checked) => row.toggleSelected(checked)}
                              />
                            </td>
                          )}
                          {row.getVisibleCells().map((cell, index) => {
                            const column = columns[index]!;
                            const content = flexRender(cell.column.columnDef.cell, cell.getContext());
                            return (
                              <td
                                key={cell.id}
                                role="cell"
                                className={cn(cellStyle, columnStyle(column), index > 0 && cardCellStyle)}
                              >
                                {index === 0 ? (
                                  <RowLink
                                    href={rowHref?.(row.original)}
                                    onOpen={onOpen && (() => onOpen(row.original))}
                                  >
                                    {content}
                                  </RowLink>
                                ) : (
                                  <>
                                    <span aria-hidden className="font-sans text-sm text-faint sm:hidden">
                                      {column.header}
                                    </span>
                                    <span className="min-w-0 truncate max-sm:text-right sm:contents">{content}</span>
                                  </>
                                )}
                              </td>
                            );
                          })}
                          {rowMenu && (
                            <td
                              role="cell"
                              className={cn(
                                cellStyle,
                                "w-11 py-0 pl-0 text-right max-sm:absolute max-sm:top-2 max-sm:right-2",
                              )}
                            >
                              <RowMenu items={rowMenu(row.original)} />
                            </td>
                          )}
                        </tr>
                      );
                    })}
              </tbody>
            </table>
          </div>
        )}
        {total > 0 && !(query.error && !query.data) && <TablePagination state={state} total={total} label={label} />}
      </div>
    </div>
  );
}

const headStyle =
  "sticky top-0 z-10 h-9 border-b bg-sunken px-3 text-left text-xs font-medium whitespace-nowrap text-faint first:pl-4 last:pr-4";
const cellStyle =
  "h-9 border-b border-line/70 px-3 py-1 sm:pointer-coarse:h-11 align-middle text-sm text-ink first:pl-4 last:pr-4 group-last/row:border-b-0 max-sm:block max-sm:h-auto max-sm:border-0 max-sm:p-0 max-sm:first:pl-0 max-sm:last:pr-0";
const cardCellStyle =
  "max-sm:mt-1.5 max-sm:flex max-sm:items-center max-sm:justify-between max-sm:gap-4 max-sm:text-left";

function columnStyle<Row>(column: Column<Row>): string {
  return cn(
    column.align === "right" && "sm:text-right",
    column.align === "center" && "sm:text-center",
    column.mono && "font-mono text-xs",
    column.hideBelow && hidden[column.hideBelow],
  );
}

const hidden = {
  sm: "max-sm:hidden",
  md: "max-md:hidden",
  lg: "max-lg:hidden",
  xl: "max-xl:hidden",
};

function HeadCell<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>;
  sort: string;
  onSort: (sort: string) => void;
}) {
  const direction = sort === column.id ? "ascending" : sort === `-${column.id}` ? "descending" : undefined;
  const Arrow = direction === "ascending" ? ArrowUp : direction === "descending" ? ArrowDown : ChevronsUpDown;
  return (
    <th
      role="columnheader"
      scope="col"
      aria-sort={direction}
      style={column.width ? { width: column.width } : undefined}
      className={cn(headStyle, columnStyle({ ...column, mono: false }))}
    >
      {column.sortable ? (
        <button
          type="button"
          onClick={() => onSort(direction === "ascending" ? `-${column.id}` : column.id)}
          className={cn(
            "group/head -mx-1 inline-flex items-center align-middle gap-1 rounded-sm px-1 hover:text-ink",
            direction && "text-ink",
            column.align === "right" && "flex-row-reverse",
          )}
        >
          {column.header}
          <Arrow
            aria-hidden
            className={cn(
              "size-3",
              !direction && "opacity-0 group-hover/head:opacity-60 group-focus-visible/head:opacity-60",
            )}
          />
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

function RowLink({ href, onOpen, children }: { href?: string; onOpen?: () => void; children: ReactNode }) {
  const className = "block max-w-full truncate rounded-sm text-left font-medium text-ink max-sm:pr-8";
  if (href)
    return (
      <Link href={href} className={className}>
        {children}
      </Link>
    );
  if (onOpen)
    return (
      <button type="button" onClick={onOpen} className={className}>
        {children}
      </button>
    );
  return <span className={className}>{children}</span>;
}

function RowMenu({ items }: { items: readonly (MenuItem | MenuSeparator | false | null | undefined)[] }) {
  if (!items.some(Boolean)) return null;
  return (
    <DropdownMenu
      items={items}
      trigger={<Button variant="ghost" size="icon-sm" aria-label="Actions" icon={<Ellipsis aria-hidden />} />}
    />
  );
}

function SkeletonRow<Row>({
  columns,
  lead,
  tail,
  index,
}: {
  columns: readonly Column<Row>[];
  lead: boolean;
  tail: boolean;
  index: number;
}) {
  return (
    <tr role="row" className="group/row max-sm:block max-sm:border-b max-sm:px-4 max-sm:py-3">
      {lead && <td role="cell" className={cn(cellStyle, "max-sm:hidden")} />}
      {columns.map((column, at) => (
        <td
          key={column.id}
          role="cell"
          className={cn(cellStyle, columnStyle(column), at > 1 && "max-sm:hidden", at === 1 && "max-sm:mt-2")}
        >
          <Skeleton
            className={cn(
              "inline-block h-3.5 align-middle",
              at === 0 ? widths[index % widths.length] : "w-3/5 max-w-28",
            )}
          />
        </td>
      ))}
      {tail && <td role="cell" className={cn(cellStyle, "max-sm:hidden")} />}
    </tr>
  );
}

const widths = ["w-40", "w-32", "w-44", "w-36"];

/** Menus are drawn elsewhere in the document, but React hands their clicks to the row that holds them. */
function isInteractive(target: EventTarget): boolean {
  return (
    !(target instanceof Element) ||
    target.closest("a,button,input,label,select,[role=menu],[role=menuitem],[role=dialog],[role=checkbox]") !== null ||
    target.closest("tr[data-row]") === null
  );
}

function lowerFirst(text: string): string {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}

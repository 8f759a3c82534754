// biome-ignore-all lint/a11y/noRedundantRoles: on a phone the parts of the table are laid out as blocks, which takes their own roles away
"use client";

import { ArrowDown, ArrowUp, ChevronsUpDown } from "lucide-react";
import { Checkbox } from "./checkbox";
import { cn } from "./cn";
import { type Column, columnStyle, headStyle } from "./table-column";

interface TableHeadProps<Row> {
  columns: readonly Column<Row>[];
  sort: string;
  onSort: (sort: string) => void;
  /** Present where rows can be chosen. */
  selection?: { all: boolean; some: boolean; toggle: (all: boolean) => void };
  hasMenu: boolean;
}

export function TableHead<Row>({ columns, sort, onSort, selection, hasMenu }: TableHeadProps<Row>) {
  return (
    <thead role="rowgroup" className="max-sm:sr-only">
      <tr role="row">
        {selection && (
          <th role="columnheader" scope="col" className={cn(headStyle, "w-9 pr-0")}>
            <Checkbox
              aria-label="Choose all on this page"
              className="mt-0"
              value={selection.all}
              indeterminate={selection.some && !selection.all}
              onValueChange={selection.toggle}
            />
          </th>
        )}
        {columns.map((column) => (
          <HeadCell key={column.id} column={column} sort={sort} onSort={onSort} />
        ))}
        {hasMenu && (
          <th role="columnheader" scope="col" className={cn(headStyle, "w-11")}>
            <span className="sr-only">Actions</span>
          </th>
        )}
      </tr>
    </thead>
  );
}

function HeadCell<Row>({
  column,
  sort,
  onSort,
}: Pick<TableHeadProps<Row>, "sort" | "onSort"> & { column: Column<Row> }) {
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

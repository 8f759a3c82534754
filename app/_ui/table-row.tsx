// biome-ignore-all lint/a11y/noRedundantRoles: on a phone the parts of the table are laid out as blocks, which takes their own roles away
"use client";

import type { Row as TanstackRow } from "@tanstack/react-table";
import { Ellipsis } from "lucide-react";
import Link from "next/link";
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { Button } from "./button";
import { Checkbox } from "./checkbox";
import { cn } from "./cn";
import { DropdownMenu, type MenuEntry } from "./dropdown-menu";
import { Skeleton } from "./skeleton";
import { type Column, cardCellStyle, cellStyle, columnStyle } from "./table-column";

interface TableRowProps<Row> {
  row: TanstackRow<Row>;
  columns: readonly Column<Row>[];
  href?: string;
  /** What pressing the row does, if anything. */
  onOpen?: () => void;
  /** It is the one shown beside the table. */
  isOpen: boolean;
  isSelecting: boolean;
  menu?: readonly MenuEntry[];
  /** Arrow keys go to the row before or after. */
  onMove: (step: number) => void;
}

export function TableRow<Row>({ row, columns, href, onOpen, isOpen, isSelecting, menu, onMove }: TableRowProps<Row>) {
  const press = (event: MouseEvent) => {
    if (!onOpen || isInteractive(event.target) || window.getSelection()?.toString()) return;
    if (href && (event.metaKey || event.ctrlKey)) window.open(href, "_blank", "noopener");
    else onOpen();
  };
  const keyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter" && onOpen) onOpen();
    else if (event.key === "ArrowDown") onMove(1);
    else if (event.key === "ArrowUp") onMove(-1);
    else if (event.key === "x" && row.getCanSelect()) row.toggleSelected();
    else return;
    event.preventDefault();
  };
  return (
    <tr
      role="row"
      data-row
      tabIndex={-1}
      aria-selected={isSelecting ? row.getIsSelected() : undefined}
      onClick={press}
      onKeyDown={keyDown}
      className={cn(
        "group/row max-sm:relative max-sm:block max-sm:border-b max-sm:px-4 max-sm:py-3 max-sm:last:border-b-0",
        "focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-ring",
        onOpen && "cursor-pointer hover:bg-hover/70",
        (row.getIsSelected() || isOpen) && "bg-brand-soft hover:bg-brand-soft",
      )}
    >
      {isSelecting && (
        <td role="cell" className={cn(cellStyle, "w-9 pr-0 max-sm:float-left max-sm:mr-3 max-sm:w-auto")}>
          <Checkbox
            aria-label="Choose this row"
            className="mt-0"
            value={row.getIsSelected()}
            disabled={!row.getCanSelect()}
            onValueChange={(checked) => row.toggleSelected(checked)}
          />
        </td>
      )}
      {columns.map((column, index) => (
        <td key={column.id} role="cell" className={cn(cellStyle, index > 0 && cardCellStyle, columnStyle(column))}>
          {index === 0 ? (
            <RowLink href={href} onOpen={onOpen}>
              {column.cell(row.original)}
            </RowLink>
          ) : (
            <>
              <span aria-hidden className="font-sans text-sm text-faint sm:hidden">
                {column.header}
              </span>
              <span className="min-w-0 truncate max-sm:text-right sm:contents">{column.cell(row.original)}</span>
            </>
          )}
        </td>
      ))}
      {menu && (
        <td
          role="cell"
          className={cn(cellStyle, "w-11 py-0 pl-0 text-right max-sm:absolute max-sm:top-2 max-sm:right-2")}
        >
          <RowMenu items={menu} />
        </td>
      )}
    </tr>
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

function RowMenu({ items }: { items: readonly MenuEntry[] }) {
  if (!items.some(Boolean)) return null;
  return (
    <DropdownMenu
      items={items}
      trigger={<Button variant="ghost" size="icon-sm" aria-label="Actions" icon={<Ellipsis aria-hidden />} />}
    />
  );
}

interface SkeletonRowProps<Row> {
  columns: readonly Column<Row>[];
  lead: boolean;
  tail: boolean;
  /** Rows differ in width, as names do. */
  index: number;
}

export function SkeletonRow<Row>({ columns, lead, tail, index }: SkeletonRowProps<Row>) {
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

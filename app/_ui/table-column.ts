import type { ReactNode } from "react";
import { cn } from "./cn";

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
  /** Left out of the table on screens narrower than this. On a phone every row is a card, which shows all but "sm". */
  hideBelow?: "sm" | "md" | "lg" | "xl";
}

export const headStyle =
  "sticky top-0 z-10 h-9 border-b bg-sunken px-3 text-left text-xs font-medium whitespace-nowrap text-faint first:pl-4 last:pr-4";
export const cellStyle =
  "h-9 border-b border-line/70 px-3 py-1 sm:pointer-coarse:h-11 align-middle text-sm text-ink first:pl-4 last:pr-4 group-last/row:border-b-0 max-sm:block max-sm:h-auto max-sm:border-0 max-sm:p-0 max-sm:first:pl-0 max-sm:last:pr-0";
export const cardCellStyle =
  "max-sm:mt-1.5 max-sm:flex max-sm:items-center max-sm:justify-between max-sm:gap-4 max-sm:text-left";

export function columnStyle<Row>(column: Column<Row>): string {
  return cn(
    column.align === "right" && "sm:text-right",
    column.align === "center" && "sm:text-center",
    column.mono && "font-mono text-xs whitespace-nowrap",
    column.hideBelow && hidden[column.hideBelow],
  );
}

const hidden = {
  sm: "max-sm:hidden",
  md: "sm:max-md:hidden",
  lg: "sm:max-lg:hidden",
  xl: "sm:max-xl:hidden",
};

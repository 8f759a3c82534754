/** What lists share: they page, sort, filter and search on the server. */
import { z } from "zod";
import { searchField } from "./text";

/** @param columns those that the list sorts by; the first is the default */
export function listInput<const Column extends string>(columns: readonly [Column, ...Column[]]) {
  return z.object({
    /** From 1. */
    page: z.number().int().min(1).max(100_000).default(1),
    pageSize: z.number().int().min(1).max(200).default(50),
    sort: z.enum(columns).default(columns[0] as never),
    order: z.enum(["asc", "desc"]).default("asc"),
    search: searchField,
    /** The page begins after the row of this key, or ends before it, wherever that row is by now; goes before `page`. */
    after: z.string().max(1000).optional(),
    before: z.string().max(1000).optional(),
  });
}

/** A filter: one value or several of which any will do; none filters nothing. */
export function filterOf<Schema extends z.ZodType>(value: Schema) {
  return z
    .union([value, z.array(value).max(50)])
    .optional()
    .transform((given) => (given === undefined ? [] : Array.isArray(given) ? given : [given]) as z.output<Schema>[]);
}

/** For ILIKE in SQL: holds what was searched for, and a % means itself. */
export const like = (search: string) => `%${search.replace(/[\\%_]/g, "\\$&")}%`;

export interface Page<Row> {
  rows: Row[];
  /** Rows that match, over all pages; counting may stop at `countedAtMost`. */
  total: number;
  /** There are more than `total`. */
  isMore?: boolean;
  /** Keys of the first row and of the last, where the list pages by key: for `before` and `after`. */
  first?: string;
  last?: string;
}

export const countedAtMost = 10_000;

export const skipTake = ({ page, pageSize }: { page: number; pageSize: number }) => ({
  skip: (page - 1) * pageSize,
  take: pageSize,
});

export const memberRole = z.enum(["admin", "manager", "viewer"]);

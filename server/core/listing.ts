/** Lists page, sort, filter and search on the server; this is the part that they share. */
import { z } from "zod";

/** @param columns those that the list sorts by; the first is the default */
export function listInput<const Column extends string>(columns: readonly [Column, ...Column[]]) {
  return z.object({
    /** From 1. */
    page: z.number().int().min(1).max(100_000).default(1),
    pageSize: z.number().int().min(1).max(200).default(50),
    sort: z.enum(columns).default(columns[0] as never),
    order: z.enum(["asc", "desc"]).default("asc"),
    search: z.string().trim().max(200).default(""),
  });
}

export interface Page<Row> {
  rows: Row[];
  /** Rows that match, over all pages. */
  total: number;
}

export const skipTake = ({ page, pageSize }: { page: number; pageSize: number }) => ({
  skip: (page - 1) * pageSize,
  take: pageSize,
});

/** A label for people: trimmed, 1 to 80 characters, none of them a control or format character. */
export const nameField = z
  .string()
  .trim()
  .min(1, "Give a name.")
  .max(80, "Use at most 80 characters.")
  .refine(
    (text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text),
    "Use visible characters only: this name holds control characters.",
  );

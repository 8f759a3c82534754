/** What inputs share: lists that page, sort, filter and search on the server, and fields that mean the same everywhere. */
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
  /** Rows that match, over all pages. */
  total: number;
}

export const skipTake = ({ page, pageSize }: { page: number; pageSize: number }) => ({
  skip: (page - 1) * pageSize,
  take: pageSize,
});

const isVisible = (text: string) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);

/** A label for people: trimmed, 1 to 80 characters, none of them a control or format character. */
export const nameField = z
  .string()
  .trim()
  .min(1, "Give a name.")
  .max(80, "Use at most 80 characters.")
  .refine(isVisible, "Use visible characters only: this name holds control characters.");

/** Why something was done, as the person it concerns reads it; short enough for OpenVPN to carry. */
export const reasonField = z
  .string()
  .trim()
  .min(1, "Say why; the person will read it.")
  .max(120, "Use at most 120 characters.")
  .refine(isVisible, "Use visible characters on one line only.");

export const emailField = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, "This address is too long.")
  .pipe(z.email("Give an email address, such as dana@example.com."));

export const memberRole = z.enum(["admin", "manager", "viewer"]);

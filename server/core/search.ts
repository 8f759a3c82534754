/**
 * Searching lists. What people type is taken apart into words, which may stand in any order; case, accents and width do not
 * matter, and every character means itself. An address is found by its start. The database folds both sides, so that they
 * are folded alike: a table that is searched has a generated column `search` (migration 0015_search).
 */
import type { Tx } from "./db";
import { Prisma } from "./prisma/client";

/** A condition in SQL: the column `search` of this table has every word; true where nothing is searched for. */
export const hasWords = (table: Prisma.Sql, search: string) =>
  Prisma.sql`${table}.search LIKE ALL (search_patterns(${search}))`;

/** The same for Prisma: rows that have every word have each of these conditions. */
export async function searchWords({ tx }: { tx: Tx }, search: string): Promise<{ search: { contains: string } }[]> {
  if (search === "") return [];
  const [row] = await tx.$queryRaw<[{ patterns: string[] }]>`SELECT search_patterns(${search}) AS patterns`;
  // Each pattern is between two wildcards, which `contains` adds itself.
  return row.patterns.map((pattern) => ({ search: { contains: pattern.slice(1, -1) } }));
}

/**
 * Ids of the tenant's accounts or devices that have every word, by an index that finds any part of a word.
 * @param tenantId null: of any tenant; the scope must be staff's
 * @param most how many at most; which ones is chance where there are more
 */
export async function searchIds(
  { tx }: { tx: Tx },
  kind: "accounts" | "devices",
  tenantId: string | null,
  search: string,
  most: number,
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    SELECT id FROM search_ids(${kind}, ${tenantId}::uuid, ${search}, ${most}::int) AS id`;
  return rows.map(({ id }) => id);
}

/** Few enough to be named one by one; of more, every so many rows of the list in its order is one. */
const few = 2_000;

/** Conditions that hold the list's rows, accounts or devices as `table`, to those that have every word. */
export async function searchConditions(
  scope: { tx: Tx },
  kind: "accounts" | "devices",
  tenantId: string,
  table: Prisma.Sql,
  search: string,
): Promise<Prisma.Sql[]> {
  if (search === "") return [];
  const ids = await searchIds(scope, kind, tenantId, search, few + 1);
  return [ids.length <= few ? Prisma.sql`${table}.id = ANY(${ids}::uuid[])` : hasWords(table, search)];
}

/**
 * One page of a long list, by key: what comes after the last row seen, so that rows which come and go meanwhile make none
 * appear twice or never. A page may also be jumped to by its number.
 */
import type { Tx } from "./db";
import { invalid } from "./errors";
import { countedAtMost, type Page, skipTake } from "./listing";
import { Prisma } from "./prisma/client";

export interface Listing {
  /** Tables that conditions and order need, without FROM. */
  from: Prisma.Sql;
  conditions: Prisma.Sql[];
  /** What it is sorted by, never null, and its type in SQL. */
  by: Prisma.Sql;
  type: "text" | "citext" | "timestamptz" | "inet" | "bigint" | "float8";
  /** A uuid; sorts rows that are alike otherwise. */
  id: Prisma.Sql;
}

interface Input {
  page: number;
  pageSize: number;
  order: "asc" | "desc";
  after?: string;
  before?: string;
}

/** @returns ids of the page's rows in their order, to be read by the caller, and what else a page has */
export async function pageOf(
  tx: Tx,
  { from, conditions, by, type, id }: Listing,
  input: Input,
): Promise<Omit<Page<never>, "rows"> & { ids: string[] }> {
  const key = input.after ?? input.before;
  const isBackwards = input.after === undefined && input.before !== undefined;
  const isAscending = (input.order === "asc") !== isBackwards;
  const beyond = key === undefined ? [] : [keyCondition({ by, type, id }, key, isAscending)];
  const direction = inDirection(isAscending ? "asc" : "desc");
  const { skip, take } = skipTake(input);
  const rows = await tx.$queryRaw<{ id: string; value: string }[]>`
    SELECT ${id} AS id, (${by})::text AS value FROM ${from} WHERE ${Prisma.join([...conditions, ...beyond], " AND ")}
    ORDER BY ${by} ${direction}, ${id} ${direction} LIMIT ${take} OFFSET ${key === undefined ? skip : 0}`;
  if (isBackwards) rows.reverse();
  const [count] = await tx.$queryRaw<[{ counted: number }]>`
    SELECT count(*)::int AS counted FROM (SELECT FROM ${from} WHERE ${Prisma.join(conditions, " AND ")} LIMIT ${countedAtMost + 1}) AS matching`;
  const keyOf = (row: { id: string; value: string } | undefined) => row && `${row.id}${row.value}`;
  return {
    ids: rows.map((row) => row.id),
    total: Math.min(count.counted, countedAtMost),
    isMore: count.counted > countedAtMost,
    first: keyOf(rows[0]),
    last: keyOf(rows.at(-1)),
  };
}

const uuidLength = 36;

function keyCondition({ by, type, id }: Pick<Listing, "by" | "type" | "id">, key: string, isAscending: boolean) {
  const [uuid, value] = [key.slice(0, uuidLength), key.slice(uuidLength)];
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid) || !isOfType(value, type))
    throw invalid("after", "This place in the list is none. Go to its first page.");
  const operator = isAscending ? Prisma.sql`>` : Prisma.sql`<`;
  return Prisma.sql`(${by}, ${id}) ${operator} (${value}::${Prisma.raw(type)}, ${uuid}::uuid)`;
}

/** What PostgreSQL writes of a value, so that it can be read again. */
function isOfType(value: string, type: Listing["type"]): boolean {
  if (type === "text" || type === "citext") return true;
  if (type === "timestamptz") {
    const moment = /^[12]\d{3}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00$/.test(value) ? new Date(value) : null;
    // 31 February is a moment to JavaScript, and none to PostgreSQL.
    return moment !== null && !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(value.slice(0, 10));
  }
  if (type === "inet")
    return /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}(\/(3[0-2]|[12]?\d))?$/.test(value);
  return /^-?\d{1,18}(\.\d+)?(e[+-]\d{1,2})?$/.test(value) && (type === "float8" || /^-?\d+$/.test(value));
}

/** Rows in the order of a page's ids; one that went meanwhile is left out. */
export function inOrder<Row extends { id: string }>(ids: string[], rows: Row[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** ASC or DESC. */
export const inDirection = (order: "asc" | "desc") => (order === "asc" ? Prisma.sql`ASC` : Prisma.sql`DESC`);

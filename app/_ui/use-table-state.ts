"use client";

import { parseAsArrayOf, parseAsInteger, parseAsString, useQueryStates } from "nuqs";
import { useCallback, useMemo } from "react";

interface TableStateOptions<Column extends string, Filter extends string> {
  /** Columns that the server sorts by. */
  sortable: readonly Column[];
  /** The order at first: a column's id, with "-" before it for descending. */
  sort: NoInfer<Column> | `-${NoInfer<Column>}`;
  pageSize?: number;
  /** Names of the filters; each is a parameter of the URL. */
  filters?: readonly Filter[];
  /** Goes before each parameter, where a page has two tables. */
  prefix?: string;
}

export interface TableState<Filter extends string = string, Column extends string = string> {
  /** What every list asks of the server: `queryOptions({ tenantId, ...state.input })`. */
  input: {
    page: number;
    pageSize: number;
    sort: Column;
    order: "asc" | "desc";
    search: string;
    after?: string;
    before?: string;
  };
  page: number;
  pageSize: number;
  sort: string;
  /** "" when nothing is searched for. */
  search: string;
  /** Chosen values; an empty array means any. */
  filters: Record<Filter, string[]>;
  isFiltered: boolean;
  /** Jumps to a page, by its number. */
  setPage: (page: number) => void;
  /** Goes on to a page beside this one, by the key of the row that it begins after or ends before. */
  turnPage: (page: number, key: { after: string } | { before: string }) => void;
  setPageSize: (size: number) => void;
  setSort: (sort: string) => void;
  setSearch: (search: string) => void;
  setFilter: (name: Filter, values: string[]) => void;
  clear: () => void;
}

/** What a list shows, kept in the URL: it can be linked to, and the way back finds it as it was left. */
export function useTableState<const Column extends string, const Filter extends string = never>({
  sortable,
  sort: firstSort,
  pageSize: firstSize = 25,
  filters: names = [],
  prefix = "",
}: TableStateOptions<Column, Filter>): TableState<Filter, Column> {
  const namesKey = names.join("\n");
  const parsers = useMemo(
    () => ({
      page: parseAsInteger.withDefault(1),
      after: parseAsString,
      before: parseAsString,
      size: parseAsInteger.withDefault(firstSize),
      sort: parseAsString.withDefault(firstSort as string),
      q: parseAsString.withDefault(""),
    }),
    [firstSize, firstSort],
  );
  const filterParsers = useMemo(
    () =>
      Object.fromEntries(
        namesKey
          .split("\n")
          .filter(Boolean)
          .map((name) => [name, parseAsArrayOf(parseAsString).withDefault([])]),
      ),
    [namesKey],
  );
  const [view, setView] = useQueryStates(parsers, { urlKeys: prefixed(Object.keys(parsers), prefix) });
  const [chosen, setChosen] = useQueryStates(filterParsers, {
    urlKeys: prefixed(Object.keys(filterParsers), prefix),
  });
  const setPage = useCallback((page: number) => void setView({ ...firstPage, page }, { history: "push" }), [setView]);
  const turnPage = useCallback(
    (page: number, key: { after: string } | { before: string }) =>
      void setView({ ...firstPage, ...(page > 1 ? { page, ...key } : {}) }, { history: "push" }),
    [setView],
  );
  const setPageSize = useCallback((size: number) => void setView({ ...firstPage, size }), [setView]);
  const setSort = useCallback((sort: string) => void setView({ ...firstPage, sort }), [setView]);
  const setSearch = useCallback((search: string) => void setView({ ...firstPage, q: search || null }), [setView]);
  const setFilter = useCallback(
    (name: string, values: string[]) => {
      void setChosen({ [name]: values.length > 0 ? values : null });
      void setView(firstPage);
    },
    [setChosen, setView],
  );
  const clear = useCallback(() => {
    void setChosen(null);
    void setView({ ...firstPage, q: null });
  }, [setChosen, setView]);
  // An address can hold anything; what the server would refuse is read as what the list starts with.
  const sort = sortable.includes(view.sort.replace(/^-/, "") as Column) ? view.sort : firstSort;
  const page = Math.min(100_000, Math.max(1, view.page));
  const pageSize = Math.min(200, Math.max(1, view.size));
  const search = view.q.slice(0, 200);
  return {
    input: {
      page,
      pageSize,
      sort: sort.replace(/^-/, "") as Column,
      order: sort.startsWith("-") ? "desc" : "asc",
      search,
      ...(view.after !== null && page > 1 ? { after: view.after.slice(0, 1000) } : {}),
      ...(view.before !== null && page > 1 ? { before: view.before.slice(0, 1000) } : {}),
    },
    page,
    pageSize,
    sort,
    search,
    filters: chosen as Record<Filter, string[]>,
    isFiltered: view.q !== "" || Object.values(chosen).some((values) => values.length > 0),
    setPage,
    turnPage,
    setPageSize,
    setSort,
    setSearch,
    setFilter,
    clear,
  };
}

/** Without what leads to another. */
const firstPage = { page: null, after: null, before: null };

function prefixed(keys: string[], prefix: string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, prefix ? `${prefix}-${key}` : key]));
}

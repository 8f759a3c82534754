"use client";

import { parseAsArrayOf, parseAsInteger, parseAsString, useQueryStates } from "nuqs";
import { useCallback, useMemo } from "react";

interface TableStateOptions<Filter extends string> {
  /** The order at first: a column's id, with "-" before it for descending. */
  sort: string;
  pageSize?: number;
  /** Names of the filters; each is a parameter of the URL. */
  filters?: readonly Filter[];
  /** Goes before each parameter, where a page has two tables. */
  prefix?: string;
}

export interface TableState<Filter extends string = string> {
  page: number;
  pageSize: number;
  sort: string;
  /** "" when nothing is searched for. */
  search: string;
  /** Chosen values; an empty array means any. */
  filters: Record<Filter, string[]>;
  isFiltered: boolean;
  setPage: (page: number) => void;
  setPageSize: (size: number) => void;
  setSort: (sort: string) => void;
  setSearch: (search: string) => void;
  setFilter: (name: Filter, values: string[]) => void;
  clear: () => void;
}

/** What a list shows, kept in the URL: it can be linked to, and the way back finds it as it was left. */
export function useTableState<const Filter extends string = never>({
  sort: firstSort,
  pageSize: firstSize = 25,
  filters: names = [],
  prefix = "",
}: TableStateOptions<Filter>): TableState<Filter> {
  const namesKey = names.join("\n");
  const parsers = useMemo(
    () => ({
      page: parseAsInteger.withDefault(1),
      size: parseAsInteger.withDefault(firstSize),
      sort: parseAsString.withDefault(firstSort),
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
  const setPage = useCallback((page: number) => void setView({ page }, { history: "push" }), [setView]);
  const setPageSize = useCallback((size: number) => void setView({ size, page: null }), [setView]);
  const setSort = useCallback((sort: string) => void setView({ sort, page: null }), [setView]);
  const setSearch = useCallback((search: string) => void setView({ q: search || null, page: null }), [setView]);
  const setFilter = useCallback(
    (name: string, values: string[]) => {
      void setChosen({ [name]: values.length > 0 ? values : null });
      void setView({ page: null });
    },
    [setChosen, setView],
  );
  const clear = useCallback(() => {
    void setChosen(null);
    void setView({ q: null, page: null });
  }, [setChosen, setView]);
  return {
    page: Math.max(1, view.page),
    pageSize: Math.min(100, Math.max(1, view.size)),
    sort: view.sort,
    search: view.q,
    filters: chosen as Record<Filter, string[]>,
    isFiltered: view.q !== "" || Object.values(chosen).some((values) => values.length > 0),
    setPage,
    setPageSize,
    setSort,
    setSearch,
    setFilter,
    clear,
  };
}

function prefixed(keys: string[], prefix: string): Record<string, string> {
  return Object.fromEntries(keys.map((key) => [key, prefix ? `${prefix}-${key}` : key]));
}

"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../../../_lib/trpc";

/** For a filter. */
export function useTenantOptions() {
  const trpc = useTRPC();
  const [search, setSearch] = useState("");
  const tenants = useQuery(
    trpc.tenants.list.queryOptions({ search, pageSize: 50, sort: "name" }, { placeholderData: keepPreviousData }),
  );
  return {
    options: (tenants.data?.rows ?? []).map((tenant) => ({
      value: tenant.id,
      label: tenant.name,
      detail: tenant.slug,
    })),
    onSearchChange: setSearch,
    loading: tenants.isFetching,
  };
}

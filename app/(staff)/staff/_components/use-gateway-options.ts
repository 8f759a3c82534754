"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../../../_lib/trpc";

/** For a filter. */
export function useGatewayOptions() {
  const trpc = useTRPC();
  const [search, setSearch] = useState("");
  const gateways = useQuery(
    trpc.gateways.list.queryOptions({ search, pageSize: 50 }, { placeholderData: keepPreviousData }),
  );
  return {
    options: (gateways.data?.rows ?? []).map((gateway) => ({
      value: gateway.id,
      label: gateway.name,
      detail: gateway.region,
    })),
    onSearchChange: setSearch,
    loading: gateways.isFetching,
  };
}

"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { useTenant } from "../../_lib/use-tenant";

/** Device groups to choose from, found by the server as one types: spread it into a select or a filter. */
export function useGroupOptions() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const [search, setSearch] = useState("");
  const query = useQuery(
    trpc.devices.listGroups.queryOptions(
      { tenantId, search, pageSize: 50, sort: "name" },
      { placeholderData: keepPreviousData },
    ),
  );
  return {
    options: (query.data?.rows ?? []).map((group) => ({
      value: group.id,
      label: group.name,
      detail: plural(group.deviceCount, "device"),
    })),
    onSearchChange: setSearch,
    loading: query.isFetching,
  };
}

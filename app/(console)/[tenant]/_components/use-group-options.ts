"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { useTenant } from "../../_lib/use-tenant";

/** Device groups to choose from, found by the server as one types, and those that were met on the way. */
export function useGroupOptions(known: readonly { id: string; name: string }[] = []) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const [search, setSearch] = useState("");
  const met = useRef(new Map<string, { name: string; devices: number | null }>());
  const query = useQuery(
    trpc.devices.listGroups.queryOptions(
      { tenantId, search, pageSize: 50, sort: "name" },
      { placeholderData: keepPreviousData },
    ),
  );
  for (const { id, name } of known) if (!met.current.has(id)) met.current.set(id, { name, devices: null });
  for (const { id, name, deviceCount } of query.data?.rows ?? []) met.current.set(id, { name, devices: deviceCount });
  return {
    options: {
      options: (query.data?.rows ?? []).map((group) => ({
        value: group.id,
        label: group.name,
        detail: plural(group.deviceCount, "device"),
      })),
      onSearchChange: setSearch,
      loading: query.isFetching,
    },
    find: (id: string) => met.current.get(id),
  };
}

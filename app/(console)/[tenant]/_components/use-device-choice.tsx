"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../../../_lib/trpc";
import type { Option } from "../../../_ui/option";
import { useTenant } from "../../_lib/use-tenant";

/** Devices to choose from, found by the server as one types: spread it into a chooser. */
export function useDeviceChoice() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const [search, setSearch] = useState("");
  const query = useQuery(
    trpc.devices.list.queryOptions(
      { tenantId, search, pageSize: 100, sort: "name" },
      { placeholderData: keepPreviousData },
    ),
  );
  return {
    found: (query.data?.rows ?? []).map(deviceOption),
    total: query.data?.total ?? 0,
    loading: query.isFetching,
    onSearchChange: setSearch,
  };
}

export function deviceOption(device: { id: string; name: string; address: string }): Option {
  return { value: device.id, label: device.name, detail: <span className="font-mono">{device.address}</span> };
}

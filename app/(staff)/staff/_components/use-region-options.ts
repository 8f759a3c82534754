"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../_lib/trpc";

export function useRegionOptions() {
  const trpc = useTRPC();
  const regions = useQuery(trpc.regions.list.queryOptions());
  return (regions.data ?? []).map((region) => ({ value: region.id, label: region.name, detail: region.code }));
}

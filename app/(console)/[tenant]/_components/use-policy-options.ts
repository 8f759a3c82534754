"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { useTenant } from "../../_lib/use-tenant";

/** Policies to choose from, searched on the server: the props that a multi-select or a filter takes. */
export function usePolicyOptions() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const [search, onSearchChange] = useState("");
  const policies = useQuery(
    trpc.policies.list.queryOptions({ tenantId, pageSize: 50, search }, { placeholderData: keepPreviousData }),
  );
  return {
    options: (policies.data?.rows ?? []).map((policy) => ({
      value: policy.id,
      label: policy.name,
      detail: policy.isEnabled ? plural(policy.devices, "device") : "switched off",
    })),
    onSearchChange,
    loading: policies.isFetching,
  };
}

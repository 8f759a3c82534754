"use client";

import { useQuery } from "@tanstack/react-query";
import { plural } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { formatMoney } from "../plans/money";

/** Plans that a tenant may be put on; `options` is undefined while they load. */
export function usePlanOptions() {
  const trpc = useTRPC();
  const plans = useQuery(trpc.plans.list.queryOptions({ pageSize: 200, sort: "monthlyPrice", isOffered: true }));
  return {
    options: plans.data?.rows.map((plan) => ({
      value: plan.id,
      label: plan.name,
      detail: `${plural(plan.maxAccounts, "account")}, ${plural(plan.maxDevices, "device")}, ${formatMoney(plan.monthlyPrice, plan.currency)} a month`,
    })),
  };
}

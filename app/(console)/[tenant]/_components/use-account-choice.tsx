"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useTRPC } from "../../../_lib/trpc";
import type { Option } from "../../../_ui/option";
import { useTenant } from "../../_lib/use-tenant";

interface Account {
  id: string;
  name: string;
  email?: string;
  state?: "active" | "revoked";
}

/** VPN accounts to choose from, found by the server as one types, and those that were met on the way. */
export function useAccountChoice(known: readonly Account[] = []) {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const [search, setSearch] = useState("");
  const met = useRef(new Map<string, Account>());
  const query = useQuery(
    trpc.accounts.list.queryOptions(
      { tenantId, search, pageSize: 100, sort: "name" },
      { placeholderData: keepPreviousData },
    ),
  );
  for (const account of [...known, ...(query.data?.rows ?? [])]) met.current.set(account.id, account);
  return {
    choice: {
      known: known.map(accountOption),
      found: (query.data?.rows ?? []).map(accountOption),
      total: query.data?.total ?? 0,
      loading: query.isFetching,
      onSearchChange: setSearch,
    },
    find: (id: string) => {
      const account = met.current.get(id);
      return { name: account?.name ?? "", isRevoked: account?.state === "revoked" };
    },
  };
}

function accountOption(account: Account): Option {
  return {
    value: account.id,
    label: account.name,
    detail: account.state === "revoked" ? "revoked" : account.email,
  };
}

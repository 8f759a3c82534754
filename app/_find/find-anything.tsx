"use client";

import { useQueryClient } from "@tanstack/react-query";
import { Boxes, Building2, Cable, Router, Server, Shield, UserRound } from "lucide-react";
import type { ReactNode } from "react";
import type { Api } from "../_lib/api-types";
import { paths } from "../_lib/paths";
import { useTRPC } from "../_lib/trpc";
import { type Command, useFinder } from "../_ui/command-palette";

type Found = Api["search"]["find"][number];

/**
 * Lets the palette find people, devices, sessions and the like by what one types.
 * @param tenantId where to look; none: in every tenant, for staff
 */
export function FindAnything({ tenantId }: { tenantId?: string }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  useFinder(tenantId ?? "everywhere", async (query) => {
    const found = await queryClient.fetchQuery(
      trpc.search.find.queryOptions({ query, tenantId }, { staleTime: 5_000 }),
    );
    return found.map((one) => commandOf(one, tenantId === undefined));
  });
  return null;
}

function commandOf(found: Found, isEverywhere: boolean): Command {
  const { group, icon } = kinds[found.kind];
  const place = isEverywhere && found.kind !== "tenant" ? found.tenantSlug : undefined;
  return {
    id: `${found.kind}:${found.id}`,
    label: found.title,
    group,
    icon,
    detail: [found.subtitle, place].filter(Boolean).join(" · "),
    href: hrefOf(found),
  };
}

function hrefOf({ kind, id, tenantSlug, session }: Found): string {
  if (kind === "gateway") return paths.staff.gateway(id);
  if (kind === "tenant") return paths.staff.tenant(id);
  const tenant = paths.tenant(tenantSlug ?? "");
  return kind === "session"
    ? tenant.session(id, session?.realAddress ?? "", session?.isLive ?? true)
    : tenant[kind](id);
}

const kinds: Record<Found["kind"], { group: string; icon: ReactNode }> = {
  account: { group: "VPN accounts", icon: <UserRound aria-hidden /> },
  device: { group: "Devices", icon: <Router aria-hidden /> },
  session: { group: "Sessions", icon: <Cable aria-hidden /> },
  group: { group: "Groups", icon: <Boxes aria-hidden /> },
  policy: { group: "Policies", icon: <Shield aria-hidden /> },
  tenant: { group: "Tenants", icon: <Building2 aria-hidden /> },
  gateway: { group: "Gateways", icon: <Server aria-hidden /> },
};

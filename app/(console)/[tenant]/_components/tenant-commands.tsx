"use client";

import { Plus } from "lucide-react";
import { useCommands } from "../../../_ui/command-palette";
import { useTenant } from "../../_lib/use-tenant";

/** What can be begun from anywhere in a tenant, by whoever may. */
export function TenantCommands() {
  const { can, paths } = useTenant();
  const begin = (label: string, href: string) => ({
    ...{ id: `new:${href}`, label, href },
    ...{ group: "New", icon: <Plus aria-hidden /> },
  });
  useCommands([
    can("accounts:write") && begin("New account", paths.newAccount),
    can("devices:write") && begin("New device", paths.newDevice),
    can("devices:write") && begin("New group", paths.newGroup),
    can("policies:write") && begin("New policy", paths.newPolicy),
    can("grants:write") && begin("New grant", paths.newGrant),
    can("members:write") && begin("Invite a member", paths.invite),
  ]);
  return null;
}

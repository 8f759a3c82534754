import { Boxes, Cable, Hourglass, LayoutDashboard, Router, ScrollText, Shield, UserCog, Users } from "lucide-react";
import { paths } from "../../_lib/paths";
import type { NavSection } from "../../_ui/nav";

export function tenantNav(slug: string): NavSection[] {
  const p = paths.tenant(slug);
  return [
    {
      items: [
        { label: "Overview", href: p.overview, exact: true, icon: <LayoutDashboard aria-hidden />, shortcut: "g o" },
        {
          label: "Sessions",
          href: p.sessions,
          icon: <Cable aria-hidden />,
          shortcut: "g s",
          keywords: ["live", "connected"],
        },
      ],
    },
    {
      label: "Access",
      items: [
        {
          label: "Accounts",
          href: p.accounts,
          icon: <Users aria-hidden />,
          shortcut: "g a",
          keywords: ["vpn", "people"],
        },
        { label: "Devices", href: p.devices, icon: <Router aria-hidden />, shortcut: "g d" },
        { label: "Groups", href: p.groups, icon: <Boxes aria-hidden />, shortcut: "g g" },
        {
          label: "Policies",
          href: p.policies,
          icon: <Shield aria-hidden />,
          shortcut: "g p",
          keywords: ["firewall", "rules"],
        },
        {
          label: "Grants",
          href: p.grants,
          icon: <Hourglass aria-hidden />,
          shortcut: "g t",
          keywords: ["temporary", "for a while"],
        },
      ],
    },
    {
      label: "Organisation",
      items: [
        {
          label: "Members",
          href: p.members,
          icon: <UserCog aria-hidden />,
          shortcut: "g m",
          keywords: ["invite", "roles"],
        },
        { label: "Audit", href: p.audit, icon: <ScrollText aria-hidden />, shortcut: "g l", keywords: ["log"] },
      ],
    },
  ];
}

import { Building2, Cable, Mail, Server, Tag, Users } from "lucide-react";
import { paths } from "../../_lib/paths";
import type { NavSection } from "../../_ui/nav";

export const staffNav: NavSection[] = [
  {
    label: "Customers",
    items: [
      { label: "Tenants", href: paths.staff.tenants, icon: <Building2 aria-hidden />, shortcut: "g t" },
      { label: "Plans", href: paths.staff.plans, icon: <Tag aria-hidden />, shortcut: "g p", keywords: ["prices"] },
    ],
  },
  {
    label: "Service",
    items: [
      {
        label: "Live sessions",
        href: paths.staff.sessions,
        icon: <Cable aria-hidden />,
        shortcut: "g s",
        keywords: ["connected", "online"],
      },
      {
        label: "Gateways",
        href: paths.staff.gateways,
        icon: <Server aria-hidden />,
        shortcut: "g w",
        keywords: ["health", "certificates", "regions"],
      },
      {
        label: "Outbox",
        href: paths.staff.outbox,
        icon: <Mail aria-hidden />,
        shortcut: "g x",
        keywords: ["mail", "invitations"],
      },
      {
        label: "Staff",
        href: paths.staff.people,
        icon: <Users aria-hidden />,
        shortcut: "g u",
        keywords: ["people", "disable", "password"],
      },
    ],
  },
];

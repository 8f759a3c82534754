"use client";

import { KeyRound, LogOut } from "lucide-react";
import { paths } from "../../_lib/paths";
import { useSignOut } from "../../_lib/use-sign-out";
import { UserMenu } from "../../_ui/user-menu";

export function PortalUserMenu({ name, detail }: { name: string; detail: string }) {
  const signOut = useSignOut();
  return (
    <UserMenu
      name={name}
      detail={detail}
      items={[
        { label: "Change password", icon: <KeyRound aria-hidden />, href: paths.changePassword },
        { separator: true },
        { label: "Sign out", icon: <LogOut aria-hidden />, onSelect: () => void signOut() },
      ]}
    />
  );
}

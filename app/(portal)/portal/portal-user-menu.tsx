"use client";

import { ArrowLeftRight, KeyRound, LogOut } from "lucide-react";
import { paths } from "../../_lib/paths";
import { useSignOut } from "../../_lib/use-sign-out";
import { UserMenu } from "../../_ui/user-menu";

export function PortalUserMenu({
  name,
  detail,
  hasOtherDoors,
}: {
  name: string;
  detail: string;
  hasOtherDoors: boolean;
}) {
  const signOut = useSignOut();
  return (
    <UserMenu
      name={name}
      detail={detail}
      items={[
        hasOtherDoors && { label: "Switch", icon: <ArrowLeftRight aria-hidden />, href: paths.doors() },
        { label: "Change password", icon: <KeyRound aria-hidden />, href: paths.changePassword },
        { separator: true },
        { label: "Sign out", icon: <LogOut aria-hidden />, onSelect: () => void signOut() },
      ]}
    />
  );
}

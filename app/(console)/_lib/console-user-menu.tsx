"use client";

import { ArrowLeftRight, KeyRound, LogOut, Wrench } from "lucide-react";
import { paths } from "../../_lib/paths";
import { useSignOut } from "../../_lib/use-sign-out";
import { UserMenu } from "../../_ui/user-menu";

interface ConsoleUserMenuProps {
  name: string;
  email: string;
  isStaff: boolean;
  hasOtherDoors: boolean;
}

export function ConsoleUserMenu({ name, email, isStaff, hasOtherDoors }: ConsoleUserMenuProps) {
  const signOut = useSignOut();
  return (
    <UserMenu
      name={name}
      detail={email}
      items={[
        hasOtherDoors && { label: "Switch", icon: <ArrowLeftRight aria-hidden />, href: paths.doors() },
        isStaff && { label: "Staff console", icon: <Wrench aria-hidden />, href: paths.staff.home },
        { label: "Change password", icon: <KeyRound aria-hidden />, href: paths.changePassword },
        { separator: true },
        { label: "Sign out", icon: <LogOut aria-hidden />, onSelect: () => void signOut() },
      ]}
    />
  );
}

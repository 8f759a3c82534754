import { Router, UserRound } from "lucide-react";
import type { MenuItem } from "../_ui/dropdown-menu";
import { pathOfHolder, type Session } from "./session";

/** In a row's menu: whose session it is, unless that was deleted. */
export function holderItem(session: Session, paths: Parameters<typeof pathOfHolder>[1]): MenuItem[] {
  const href = pathOfHolder(session, paths);
  if (!href) return [];
  return [
    session.deviceId
      ? { label: "Open the device", icon: <Router aria-hidden />, href }
      : { label: "Open the account", icon: <UserRound aria-hidden />, href },
  ];
}

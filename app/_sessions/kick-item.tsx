import { UserRoundMinus } from "lucide-react";
import type { MenuItem } from "../_ui/dropdown-menu";
import { holderOf, type Session } from "./session";

/** In a row's menu: puts off whose session it is, while it is open and they were not deleted. */
export function kickItem(session: Session, disabledReason: string | null, onSelect: () => void): MenuItem[] {
  if (session.disconnectedAt || !holderOf(session)) return [];
  return [{ label: "Kick…", icon: <UserRoundMinus aria-hidden />, tone: "danger", disabledReason, onSelect }];
}

import { Unplug } from "lucide-react";
import type { MenuItem, MenuSeparator } from "../_ui/dropdown-menu";
import type { Session } from "./session";

/** In a row's menu: only a session that is open can be ended. */
export function disconnectItem(
  session: Session,
  disabledReason: string | null,
  onSelect: () => void,
): (MenuItem | MenuSeparator)[] {
  if (session.disconnectedAt) return [];
  return [
    { separator: true },
    { label: "Disconnect…", icon: <Unplug aria-hidden />, tone: "danger", disabledReason, onSelect },
  ];
}

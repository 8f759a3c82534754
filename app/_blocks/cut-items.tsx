import { Ban, LockOpen, Unplug, UserRoundX } from "lucide-react";
import type { MenuItem, MenuSeparator } from "../_ui/dropdown-menu";
import type { Holder } from "./holder";

interface Way {
  disabledReason: string | null;
  onSelect: () => void;
}

interface Ways {
  /** While it is connected. */
  disconnect?: Way | null;
  block?: Way | null;
  /** In place of `block`, while it is blocked. */
  unblock?: Way | null;
  revoke?: Way | null;
}

/** In a menu: how an account or a device is cut off, from the weakest to the strongest, each with what it does. */
export function cutItems(kind: Holder["kind"], ways: Ways): (MenuItem | MenuSeparator)[] {
  const hints = hintsOf[kind];
  const items: (MenuItem | null | undefined)[] = [
    ways.disconnect && {
      label: "Disconnect…",
      icon: <Unplug aria-hidden />,
      hint: hints.disconnect,
      ...ways.disconnect,
    },
    ways.unblock
      ? { label: "Unblock…", icon: <LockOpen aria-hidden />, hint: hints.unblock, ...ways.unblock }
      : ways.block && { label: "Block for a while…", icon: <Ban aria-hidden />, hint: hints.block, ...ways.block },
    ways.revoke && { label: "Revoke access…", icon: <UserRoundX aria-hidden />, hint: hints.revoke, ...ways.revoke },
  ];
  const shown = items.filter((item) => item !== null && item !== undefined);
  if (shown.length === 0) return [];
  return [
    { separator: true },
    ...shown.map((item): MenuItem => (item.label === "Unblock…" ? item : { ...item, tone: "danger" })),
  ];
}

const hintsOf = {
  account: {
    disconnect: "Ends the session; they may connect again at once",
    block: "Nobody lets them in until a time that you choose",
    unblock: "Before the time is over",
    revoke: "Until somebody restores it",
  },
  device: {
    disconnect: "Ends its session; it connects again at once",
    block: "Nobody reaches it until a time that you choose",
    unblock: "Before the time is over",
    revoke: "",
  },
};

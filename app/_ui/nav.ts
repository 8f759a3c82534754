import type { ReactNode } from "react";

export interface NavItem {
  label: string;
  href: string;
  /** An element, not a component: layouts render on the server. */
  icon?: ReactNode;
  /** Current on this address only, not on those below it: for an area's first page. */
  exact?: boolean;
  badge?: ReactNode;
  /** Strokes that go there: "g a". */
  shortcut?: string;
  keywords?: readonly string[];
}

export interface NavSection {
  label?: string;
  items: readonly NavItem[];
}

/** The item that the address lies in; of several, the one that says most. */
export function findCurrent(items: readonly NavItem[], pathname: string): NavItem | undefined {
  return items
    .filter((item) => pathname === item.href || (!item.exact && pathname.startsWith(`${item.href}/`)))
    .sort((a, b) => b.href.length - a.href.length)[0];
}

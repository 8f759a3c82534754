"use client";

import { useRouter } from "next/navigation";
import { useCommands } from "./command-palette";
import type { NavItem } from "./nav";
import { useShortcuts } from "./shortcuts";

/** Everything in the navigation can also be typed. */
export function useNavCommands(items: readonly NavItem[]): void {
  const router = useRouter();
  useCommands(
    items.map((item) => ({
      id: `nav:${item.href}`,
      label: item.label,
      group: "Go to",
      icon: item.icon,
      href: item.href,
      shortcut: item.shortcut,
      keywords: item.keywords,
    })),
  );
  useShortcuts(
    items.flatMap((item) =>
      item.shortcut
        ? [
            {
              keys: item.shortcut,
              label: `Go to ${item.label}`,
              group: "Navigation",
              run: () => router.push(item.href),
            },
          ]
        : [],
    ),
  );
}

"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { cn } from "./cn";
import { Logo } from "./logo";
import { findCurrent, type NavItem } from "./nav";
import { SkipLink } from "./skip-link";
import { useNavCommands } from "./use-nav-commands";

interface TopShellProps {
  homeHref: string;
  nav: readonly NavItem[];
  user: ReactNode;
  banner?: ReactNode;
  children: ReactNode;
}

/** The frame of a place with few pages: navigation along the top, one column below. */
export function TopShell({ homeHref, nav, user, banner, children }: TopShellProps) {
  const pathname = usePathname();
  const current = findCurrent(nav, pathname);
  useNavCommands(nav);
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="sticky top-0 z-30 border-b bg-sunken">
        <div className="mx-auto flex w-full max-w-5xl flex-wrap items-center gap-x-6 px-4 sm:px-6">
          <Link href={homeHref} className="flex h-13 items-center rounded-sm">
            <Logo />
          </Link>
          <nav aria-label="Main" className="-mb-px flex gap-1 overflow-x-auto max-sm:order-last max-sm:w-full">
            {nav.map((item) => (
              <Link
                key={item.href}
                href={item.href}
                aria-current={item === current ? "page" : undefined}
                className={cn(
                  "flex h-13 items-center gap-2 border-b-2 border-transparent px-2.5 whitespace-nowrap text-muted hover:text-ink focus-visible:-outline-offset-4 max-sm:h-10 [&_svg]:size-4",
                  item === current && "border-brand font-medium text-ink",
                )}
              >
                {item.icon}
                {item.label}
              </Link>
            ))}
          </nav>
          <div className="ml-auto min-w-0">{user}</div>
        </div>
      </header>
      {banner}
      <main id="main" tabIndex={-1} className="mx-auto w-full max-w-5xl flex-1 px-4 py-6 outline-none sm:px-6 sm:py-8">
        {children}
      </main>
    </div>
  );
}

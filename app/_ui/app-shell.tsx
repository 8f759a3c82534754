"use client";

import { Menu, Search, X } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useEffect, useState } from "react";
import { buttonStyle } from "./button-style";
import { cn } from "./cn";
import { openCommandPalette } from "./command-palette";
import { overlayStyle } from "./dialog";
import { Kbd } from "./kbd";
import { Logo } from "./logo";
import { findCurrent, type NavSection } from "./nav";
import { SkipLink } from "./skip-link";
import { useNavCommands } from "./use-nav-commands";

interface AppShellProps {
  homeHref: string;
  /** Which part of the product this is, where it is not plain: "Staff". */
  area?: string;
  /** A ContextSwitcher: whose data this is. */
  context?: ReactNode;
  nav: readonly NavSection[];
  /** A UserMenu. */
  user: ReactNode;
  /** Across the top of every page: "This tenant is suspended". */
  banner?: ReactNode;
  children: ReactNode;
}

/** The frame of a console: navigation at the left, which a phone keeps behind a button. */
export function AppShell({ homeHref, area, context, nav, user, banner, children }: AppShellProps) {
  const pathname = usePathname();
  const [isMenuOpen, setMenuOpen] = useState(false);
  useNavCommands(nav.flatMap((section) => section.items));
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes the menu
  useEffect(() => setMenuOpen(false), [pathname]);

  const brand = (
    <Link href={homeHref} className="flex items-center gap-2 rounded-sm">
      <Logo />
      {area && <span className="rounded-sm border border-line-strong px-1.5 text-2xs text-muted">{area}</span>}
    </Link>
  );
  const menu = (
    <>
      {context && <div className="px-3 pb-1">{context}</div>}
      <div className="px-3 py-2">
        <button
          type="button"
          onClick={openCommandPalette}
          className="flex h-8 w-full items-center gap-2 rounded-md border bg-surface px-2 text-faint hover:border-line-strong hover:text-muted pointer-coarse:h-10"
        >
          <Search aria-hidden className="size-4" />
          <span className="flex-1 text-left">Search</span>
          <Kbd keys="mod+k" className="pointer-coarse:hidden" />
        </button>
      </div>
      <NavList sections={nav} pathname={pathname} />
      <div className="border-t p-2">{user}</div>
    </>
  );

  return (
    <div className="flex min-h-dvh">
      <SkipLink />
      <aside className="sticky top-0 hidden h-dvh w-58 shrink-0 flex-col border-r bg-sunken lg:flex">
        <div className="flex h-13 shrink-0 items-center px-4">{brand}</div>
        {menu}
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-30 flex h-13 items-center justify-between gap-2 border-b bg-sunken px-4 lg:hidden">
          {brand}
          <div className="flex items-center gap-1">
            <button
              type="button"
              aria-label="Search"
              onClick={openCommandPalette}
              className={buttonStyle("ghost", "icon")}
            >
              <Search aria-hidden />
            </button>
            <button
              type="button"
              aria-label="Menu"
              aria-expanded={isMenuOpen}
              onClick={() => setMenuOpen(true)}
              className={buttonStyle("ghost", "icon", "-mr-2")}
            >
              <Menu aria-hidden />
            </button>
          </div>
        </header>
        {banner}
        <main
          id="main"
          tabIndex={-1}
          className="mx-auto w-full max-w-360 flex-1 px-4 py-5 outline-none sm:px-6 lg:px-8 lg:py-6"
        >
          {children}
        </main>
      </div>
      <Radix.Root open={isMenuOpen} onOpenChange={setMenuOpen}>
        <Radix.Portal>
          <Radix.Overlay className={cn(overlayStyle, "lg:hidden")} />
          <Radix.Content
            aria-describedby={undefined}
            className="fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col border-r border-line-strong bg-sunken outline-none data-[state=closed]:animate-slide-out-left data-[state=open]:animate-slide-in-left lg:hidden"
          >
            <Radix.Title className="sr-only">Menu</Radix.Title>
            <div className="flex h-13 shrink-0 items-center justify-between px-4">
              {brand}
              <Radix.Close aria-label="Close" className={buttonStyle("ghost", "icon", "-mr-2")}>
                <X aria-hidden />
              </Radix.Close>
            </div>
            {menu}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </div>
  );
}

function NavList({ sections, pathname }: { sections: readonly NavSection[]; pathname: string }) {
  const current = findCurrent(
    sections.flatMap((section) => section.items),
    pathname,
  );
  return (
    <nav aria-label="Main" className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-3 py-1">
      {sections.map((section, index) => (
        <div key={section.label ?? index}>
          {section.label && <p className="px-2 pb-1 text-xs text-faint">{section.label}</p>}
          <ul className="flex flex-col gap-px">
            {section.items.map((item) => {
              const isCurrent = item === current;
              return (
                <li key={item.href}>
                  <Link
                    href={item.href}
                    aria-current={isCurrent ? "page" : undefined}
                    className={cn(
                      "flex h-8 items-center gap-2.5 rounded-md px-2 text-muted transition-colors hover:bg-hover hover:text-ink pointer-coarse:h-10 [&_svg]:size-4 [&_svg]:shrink-0",
                      isCurrent && "bg-active font-medium text-ink hover:bg-active [&_svg]:text-brand-text",
                    )}
                  >
                    {item.icon}
                    <span className="min-w-0 flex-1 truncate">{item.label}</span>
                    {item.badge !== undefined && <span className="text-xs text-faint">{item.badge}</span>}
                  </Link>
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </nav>
  );
}

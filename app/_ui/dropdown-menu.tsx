"use client";

import Link from "next/link";
import { DropdownMenu as Radix } from "radix-ui";
import { Fragment, type ReactNode, useRef } from "react";
import { cn } from "./cn";
import { Kbd } from "./kbd";
import { menuItemStyle, menuLabelStyle, popoverStyle } from "./popover-style";

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  /** Either goes somewhere or does something. */
  href?: string;
  /** What it does, in a line under it. */
  hint?: string;
  onSelect?: () => void;
  tone?: "danger";
  shortcut?: string;
  /** Disables the item and is shown under it. */
  disabledReason?: string | false | null;
  /** A mark beside the current one of several. */
  checked?: boolean;
}

/** A line between groups of items, with a caption if the next group needs one. */
export interface MenuSeparator {
  separator: true;
  label?: string;
}

/** Falsy entries are left out, so that a permission can be written in place. */
export type MenuEntry = MenuItem | MenuSeparator | false | null | undefined;

interface DropdownMenuProps {
  trigger: ReactNode;
  items: readonly MenuEntry[];
  header?: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom";
  className?: string;
}

export function DropdownMenu({ trigger, items, header, align = "end", side = "bottom", className }: DropdownMenuProps) {
  const chosen = useRef<() => void>(undefined);
  // Run once the trigger has the focus back: a dialog that opens before would lose it to the trigger.
  const runChosen = () => {
    const run = chosen.current;
    chosen.current = undefined;
    if (run) setTimeout(run, 0);
  };
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={runChosen}
          className={cn(popoverStyle, "max-w-80 min-w-44 p-1", className)}
        >
          {header && <div className="border-b px-2 pt-1 pb-2 mb-1">{header}</div>}
          {items.map((item, index) => {
            if (!item) return null;
            if ("separator" in item)
              return (
                // biome-ignore lint/suspicious/noArrayIndexKey: a line has no identity
                <Fragment key={`separator-${index}`}>
                  <Radix.Separator className="-mx-1 my-1 h-px bg-line" />
                  {item.label && <Radix.Label className={menuLabelStyle}>{item.label}</Radix.Label>}
                </Fragment>
              );
            return (
              <Item
                key={item.label}
                item={item}
                onChoose={(run) => {
                  chosen.current = run;
                }}
              />
            );
          })}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Item({ item, onChoose }: { item: MenuItem; onChoose: (run: MenuItem["onSelect"]) => void }) {
  const content = (
    <>
      {item.icon}
      <span className="flex min-w-0 flex-1 flex-col">
        <span className="truncate">{item.label}</span>
        {(item.disabledReason || item.hint) && (
          <span className="text-xs text-faint">{item.disabledReason || item.hint}</span>
        )}
      </span>
      {item.shortcut && <Kbd keys={item.shortcut} />}
    </>
  );
  const className = cn(
    menuItemStyle,
    item.tone === "danger" && "text-bad-text data-highlighted:bg-bad-soft",
    item.disabledReason && "data-disabled:opacity-100 text-faint",
  );
  if (item.href && !item.disabledReason)
    return (
      <Radix.Item asChild className={className}>
        <Link href={item.href} aria-current={item.checked || undefined}>
          {content}
        </Link>
      </Radix.Item>
    );
  return (
    <Radix.Item disabled={Boolean(item.disabledReason)} onSelect={() => onChoose(item.onSelect)} className={className}>
      {content}
    </Radix.Item>
  );
}

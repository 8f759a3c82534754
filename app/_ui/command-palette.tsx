"use client";

import { Command as Cmdk } from "cmdk";
import { Search } from "lucide-react";
import { useRouter } from "next/navigation";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { cn } from "./cn";
import { overlayStyle } from "./dialog";
import { Kbd } from "./kbd";
import { menuItemStyle } from "./popover-style";
import { useShortcuts } from "./shortcuts";

export interface Command {
  id: string;
  label: string;
  /** The heading it stands under: "Go to", "This account". */
  group?: string;
  /** Other words that people look for it by. */
  keywords?: readonly string[];
  icon?: ReactNode;
  detail?: string;
  /** Shown only; bind it with useShortcuts. */
  shortcut?: string;
  /** Either goes somewhere or does something. */
  href?: string;
  run?: () => void;
}

/** Puts commands into the palette while the component is there. Falsy entries are left out. */
export function useCommands(commands: readonly (Command | false | null | undefined)[]): void {
  const present = commands.filter((command): command is Command => Boolean(command));
  const latest = useRef(present);
  latest.current = present;
  const shape = present.map((command) => `${command.id}\t${command.label}\t${command.href ?? ""}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` says when the list is another; handlers are read when run
  useEffect(() => {
    const added = latest.current.map(
      (command): Command => ({
        ...command,
        run: command.run && (() => latest.current.find((entry) => entry.id === command.id)?.run?.()),
      }),
    );
    update({ commands: [...state.commands, ...added] });
    return () => update({ commands: state.commands.filter((command) => !added.includes(command)) });
  }, [shape]);
}

export function openCommandPalette(): void {
  update({ isOpen: true });
}

/** Everything one can do from here, by typing. Mounted once, at the root. */
export function CommandPalette() {
  const { commands, isOpen } = useSyncExternalStore(
    subscribe,
    () => state,
    () => closed,
  );
  const router = useRouter();
  const setOpen = (next: boolean) => update({ isOpen: next });
  useShortcuts([
    { keys: "mod+k", label: "Command palette", group: "General", everywhere: true, run: () => setOpen(!state.isOpen) },
  ]);
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const group = command.group ?? "Actions";
    groups.set(group, [...(groups.get(group) ?? []), command]);
  }
  // What this page brought comes before what is always there.
  const ordered = [...groups].reverse();
  const choose = (command: Command) => {
    setOpen(false);
    if (command.href) router.push(command.href);
    // After the palette has given the focus back, or a dialog that the command opens would lose it.
    else setTimeout(() => command.run?.(), 0);
  };
  return (
    <Radix.Root open={isOpen} onOpenChange={setOpen}>
      <Radix.Portal>
        <Radix.Overlay className={overlayStyle} />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[14vh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-xl border border-line-strong bg-raised outline-none data-[state=closed]:animate-fade-out data-[state=open]:animate-fade-in"
        >
          <Radix.Title className="sr-only">Command palette</Radix.Title>
          <Cmdk loop label="Command palette">
            <div className="flex items-center gap-2.5 border-b px-4">
              <Search aria-hidden className="size-4 text-faint" />
              <Cmdk.Input
                placeholder="Go to or do…"
                className="h-11 w-full min-w-0 bg-transparent text-base outline-none placeholder:text-faint"
              />
              <Kbd keys="escape" />
            </div>
            <Cmdk.List className="max-h-[min(24rem,60vh)] overflow-y-auto overscroll-contain p-1.5">
              <Cmdk.Empty className="py-8 text-center text-sm text-faint">Nothing matches</Cmdk.Empty>
              {ordered.map(([group, entries]) => (
                <Cmdk.Group
                  key={group}
                  heading={group}
                  className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint"
                >
                  {entries.map((command) => (
                    <Cmdk.Item
                      key={command.id}
                      value={command.id}
                      keywords={[command.label, group, ...(command.keywords ?? [])]}
                      onSelect={() => choose(command)}
                      className={cn(menuItemStyle, "min-h-9 text-muted data-[selected=true]:text-ink")}
                    >
                      {command.icon}
                      <span className="min-w-0 flex-1 truncate text-ink">{command.label}</span>
                      {command.detail && <span className="truncate text-xs text-faint">{command.detail}</span>}
                      {command.shortcut && <Kbd keys={command.shortcut} />}
                    </Cmdk.Item>
                  ))}
                </Cmdk.Group>
              ))}
            </Cmdk.List>
          </Cmdk>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface State {
  commands: readonly Command[];
  isOpen: boolean;
}

const closed: State = { commands: [], isOpen: false };
let state: State = closed;
const listeners = new Set<() => void>();

function update(change: Partial<State>): void {
  state = { ...state, ...change };
  for (const tell of listeners) tell();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

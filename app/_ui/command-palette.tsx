"use client";

import { Command as Cmdk } from "cmdk";
import { Search } from "lucide-react";
import { useRouter } from "next/navigation";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { cn } from "./cn";
import { overlayStyle } from "./dialog";
import { Kbd } from "./kbd";
import { menuItemStyle } from "./popover-style";
import { useShortcuts } from "./shortcuts";
import { Spinner } from "./spinner";

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

/**
 * Lets the palette find what is not on the page, by what is typed, while the component is there.
 * @param area what was chosen before is offered again in the same area only
 * @param find gives commands that lead somewhere
 */
export function useFinder(area: string, find: (query: string) => Promise<Command[]>): void {
  const latest = useRef(find);
  latest.current = find;
  useEffect(() => {
    const finder: Finder = { area, find: (query) => latest.current(query) };
    update({ finder });
    return () => update({ finder: state.finder === finder ? undefined : state.finder });
  }, [area]);
}

interface Finder {
  area: string;
  find: (query: string) => Promise<Command[]>;
}

export function openCommandPalette(): void {
  update({ isOpen: true });
}

/** Everything one can find or do from here, by typing. Mounted once, at the root. */
export function CommandPalette() {
  const { commands, finder, isOpen } = useSyncExternalStore(
    subscribe,
    () => state,
    () => closed,
  );
  const router = useRouter();
  const [query, setQuery] = useState("");
  const { found, isFinding } = useFound(isOpen ? finder : undefined, query);
  const setOpen = (next: boolean) => {
    setQuery("");
    update({ isOpen: next });
  };
  useShortcuts([
    { keys: "mod+k", label: "Command palette", group: "General", everywhere: true, run: () => setOpen(!state.isOpen) },
  ]);
  // What this page brought comes before what is always there.
  const ordered = groupsOf(commands).reverse();
  const choose = (command: Command) => {
    if (finder && found.includes(command)) remember(finder.area, command);
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
              {isFinding ? <Spinner className="text-faint" /> : <Search aria-hidden className="size-4 text-faint" />}
              <Cmdk.Input
                value={query}
                onValueChange={setQuery}
                placeholder={finder ? "Find a person, a device, an address, or do…" : "Go to or do…"}
                className="h-11 w-full min-w-0 bg-transparent text-base outline-none placeholder:text-faint"
              />
              <Kbd keys="escape" />
            </div>
            <Cmdk.List className="max-h-[min(24rem,60vh)] overflow-y-auto overscroll-contain p-1.5">
              <Cmdk.Empty className="py-8 text-center text-sm text-faint">
                {isFinding ? "Looking…" : "Nothing matches"}
              </Cmdk.Empty>
              {[...groupsOf(found), ...ordered].map(([group, entries]) => (
                <Cmdk.Group
                  key={group}
                  heading={group}
                  className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-faint"
                >
                  {entries.map((command) => (
                    <Cmdk.Item
                      key={command.id}
                      value={command.id}
                      // What was found fits, whatever the palette's own matching says.
                      keywords={found.includes(command) ? [query] : [command.label, group, ...(command.keywords ?? [])]}
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

/** What fits the query, those chosen before first; without a query, those chosen before. */
function useFound(finder: Finder | undefined, query: string): { found: Command[]; isFinding: boolean } {
  const [answer, setAnswer] = useState<{ query: string; found: Command[] }>({ query: "", found: [] });
  const wanted = query.trim();
  useEffect(() => {
    if (!finder || wanted === "") return;
    let isLate = false;
    const timer = setTimeout(async () => {
      const found = await finder.find(wanted).catch(() => []);
      if (!isLate) setAnswer({ query: wanted, found });
    }, 150);
    return () => {
      isLate = true;
      clearTimeout(timer);
    };
  }, [finder, wanted]);
  if (!finder) return { found: [], isFinding: false };
  const recent = recall(finder.area);
  if (wanted === "") return { found: recent.map((command) => ({ ...command, group: "Recent" })), isFinding: false };
  const rank = ({ id }: Command) => {
    const at = recent.findIndex((command) => command.id === id);
    return at === -1 ? recent.length : at;
  };
  return { found: answer.found.toSorted((a, b) => rank(a) - rank(b)), isFinding: answer.query !== wanted };
}

function groupsOf(commands: readonly Command[]): [string, Command[]][] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const group = command.group ?? "Actions";
    groups.set(group, [...(groups.get(group) ?? []), command]);
  }
  return [...groups];
}

const recentAtMost = 6;
const recentKey = (area: string) => `palette-recent:${area}`;

/** For as long as the browser's tab is open: whoever comes after does not see whom one looked for. */
function remember(area: string, { icon: _, ...command }: Command): void {
  const others = recall(area).filter(({ id }) => id !== command.id);
  sessionStorage.setItem(recentKey(area), JSON.stringify([command, ...others].slice(0, recentAtMost)));
}

function recall(area: string): Command[] {
  try {
    return JSON.parse(sessionStorage.getItem(recentKey(area)) ?? "[]") as Command[];
  } catch {
    return [];
  }
}

interface State {
  commands: readonly Command[];
  finder?: Finder;
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

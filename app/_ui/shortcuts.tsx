"use client";

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Dialog } from "./dialog";
import { Kbd } from "./kbd";

export interface Shortcut {
  /** "j", "mod+k", "shift+x", or strokes after each other: "g a". */
  keys: string;
  label: string;
  group?: string;
  run: (event: KeyboardEvent) => void;
  /** Also while a field has the focus or a dialog is open: for what closes or opens things only. */
  everywhere?: boolean;
}

/** Binds keys while the component is there, and lists them under `?`. Of two for the same keys, the later wins. */
export function useShortcuts(shortcuts: readonly Shortcut[], enabled = true): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const shape = shortcuts.map((shortcut) => `${shortcut.keys}\t${shortcut.label}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` says when the list is another; handlers are read when run
  useEffect(() => {
    if (!enabled) return;
    const added = latest.current.map((shortcut, index) => ({
      ...shortcut,
      run: (event: KeyboardEvent) => latest.current[index]?.run(event),
    }));
    setBound([...bound, ...added]);
    return () => setBound(bound.filter((shortcut) => !added.includes(shortcut)));
  }, [shape, enabled]);
}

/** Listens to the keyboard, once for the whole page, and holds the list that `?` opens. */
export function ShortcutsHelp() {
  const [isOpen, setOpen] = useState(false);
  const all = useSyncExternalStore(
    subscribe,
    () => bound,
    () => none,
  );
  useEffect(() => {
    document.addEventListener("keydown", handleKey);
    return () => document.removeEventListener("keydown", handleKey);
  }, []);
  useShortcuts([{ keys: "?", label: "Show this list", group: "General", run: () => setOpen(true) }]);
  const groups = new Map<string, Map<string, Shortcut>>();
  for (const shortcut of all) {
    const group = shortcut.group ?? "General";
    if (!groups.has(group)) groups.set(group, new Map());
    groups.get(group)!.set(shortcut.keys, shortcut);
  }
  return (
    <Dialog open={isOpen} onOpenChange={setOpen} title="Keyboard shortcuts" className="max-w-lg">
      <div className="flex flex-col gap-5">
        {[...groups].map(([group, entries]) => (
          <section key={group}>
            <h3 className="mb-1 text-xs font-medium text-faint">{group}</h3>
            <dl>
              {[...entries.values()].map((shortcut) => (
                <div key={shortcut.keys} className="flex h-8 items-center justify-between gap-4">
                  <dt>{shortcut.label}</dt>
                  <dd>
                    <Kbd keys={shortcut.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

let bound: readonly Shortcut[] = [];
const none: readonly Shortcut[] = [];
const listeners = new Set<() => void>();

function setBound(next: readonly Shortcut[]): void {
  bound = next;
  for (const tell of listeners) tell();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

let strokes: string[] = [];
let forget: ReturnType<typeof setTimeout> | undefined;

function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || modifiers.has(event.key)) return;
  const isBusy =
    isTyping(event.target) ||
    document.querySelector("[role=dialog][data-state=open],[role=alertdialog][data-state=open],[role=menu]") !== null;
  strokes = [...strokes, strokeOf(event)].slice(-2);
  clearTimeout(forget);
  forget = setTimeout(() => {
    strokes = [];
  }, 900);
  const asked = [strokes.join(" "), strokes.at(-1)!];
  for (const keys of asked) {
    const shortcut = bound.findLast((entry) => entry.keys === keys && (entry.everywhere || !isBusy));
    if (!shortcut) continue;
    event.preventDefault();
    strokes = [];
    shortcut.run(event);
    return;
  }
}

/** "?" is shift and something on most keyboards, so shift counts only with letters. */
function strokeOf(event: KeyboardEvent): string {
  const key = event.key === " " ? "space" : event.key.replace("Arrow", "").toLowerCase();
  const parts = [];
  if (event.metaKey || event.ctrlKey) parts.push("mod");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && (/^[a-z]$/.test(key) || key.length > 1)) parts.push("shift");
  return [...parts, key].join("+");
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.role === "combobox")
  );
}

const modifiers = new Set(["Shift", "Control", "Alt", "Meta"]);

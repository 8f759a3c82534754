"use client";

import { useSyncExternalStore } from "react";

/** The time, renewed at that interval by one timer for all who ask for it. null on the server and while hydrating. */
export function useNow(intervalMs = 5000): Date | null {
  const clock = clockOf(intervalMs);
  return useSyncExternalStore(clock.subscribe, clock.read, () => null);
}

interface Clock {
  subscribe: (listener: () => void) => () => void;
  read: () => Date;
}

const clocks = new Map<number, Clock>();

function clockOf(intervalMs: number): Clock {
  const known = clocks.get(intervalMs);
  if (known) return known;
  const listeners = new Set<() => void>();
  let now = new Date();
  let timer: ReturnType<typeof setInterval> | undefined;
  const clock: Clock = {
    subscribe: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = new Date();
        for (const tell of listeners) tell();
      }, intervalMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    read: () => {
      // While nobody listens the clock stands still: the first reader must not get an old time.
      if (timer === undefined && Date.now() - now.getTime() >= intervalMs) now = new Date();
      return now;
    },
  };
  clocks.set(intervalMs, clock);
  return clock;
}

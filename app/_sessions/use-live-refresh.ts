"use client";

import { type QueryFilters, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";

/**
 * Reads queries again at each tick, one round at a time: a tick that comes meanwhile runs one more round after it, so
 * that frequent ticks neither pile up nor cancel each other.
 */
export function useLiveRefresh(filters: readonly QueryFilters[]): () => void {
  const queryClient = useQueryClient();
  const round = useRef<{ isAgain: boolean } | null>(null);
  const latest = useRef(filters);
  latest.current = filters;
  return useCallback(() => {
    if (round.current) {
      round.current.isAgain = true;
      return;
    }
    const run = async () => {
      do {
        round.current = { isAgain: false };
        await Promise.all(latest.current.map((filter) => queryClient.invalidateQueries(filter)));
      } while (round.current.isAgain);
      round.current = null;
    };
    void run();
  }, [queryClient]);
}

"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import superjson from "superjson";
import { maxBatchSize } from "@/server/trpc/batch";
import type { AppRouter } from "@/server/trpc/root";
import { paths } from "./paths";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** Queries and mutations in one batched request; subscriptions as server-sent events, which resume by themselves. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [client] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (operation) => operation.type === "subscription",
          true: httpSubscriptionLink({ url: paths.api.trpc, transformer: superjson }),
          false: httpBatchLink({
            url: paths.api.trpc,
            transformer: superjson,
            maxURLLength: 6000,
            maxItems: maxBatchSize,
          }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What the server refused it will refuse again; only a failure of its own or of the way there may pass.
        retry: (failures, error) => failures < 2 && !isRefusal(error),
        retryDelay: (attempt) => Math.min(400 * 2 ** attempt, 4_000),
      },
      mutations: { retry: false },
    },
  });
}

/** The session has ended: sign in, then come back here. Whoever is signing in already is told by the form. */
export function leaveIfSignedOut(error: unknown): void {
  if (errorData(error)?.code !== "UNAUTHORIZED" || typeof window === "undefined") return;
  const { pathname, search } = window.location;
  if (pathname === paths.signIn) return;
  window.location.assign(paths.signInTo(pathname + search));
}

function isRefusal(error: unknown): boolean {
  const status = errorData(error)?.httpStatus;
  return status !== undefined && status >= 400 && status < 500;
}

function errorData(error: unknown): { code?: string; httpStatus?: number } | undefined {
  if (typeof error !== "object" || error === null || !("data" in error)) return undefined;
  return typeof error.data === "object" && error.data !== null ? error.data : undefined;
}

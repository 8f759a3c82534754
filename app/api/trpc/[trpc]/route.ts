import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { cookies } from "next/headers";
import { AppError } from "@/server/core/errors";
import { appLog } from "@/server/core/log";
import { callerAddress } from "@/server/sign-in/caller-address";
import { browserCookie, browserCookieOptions, remember } from "@/server/sign-in/known-browser";
import { getPrincipal } from "@/server/sign-in/principal";
import { maxBatchSize } from "@/server/trpc/batch";
import { appRouter } from "@/server/trpc/root";
import { toTrpcError } from "@/server/trpc/trpc";

function handle(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    maxBatchSize,
    createContext: async () => ({
      principal: await getPrincipal().catch((error) => {
        throw error instanceof AppError ? toTrpcError(error) : error;
      }),
      address: callerAddress(request.headers),
      userAgent: (request.headers.get("user-agent") ?? "").slice(0, 400),
      log: appLog(),
      async rememberBrowser(holderId) {
        const store = await cookies();
        store.set(browserCookie, remember(store.get(browserCookie)?.value, [holderId]), browserCookieOptions());
      },
    }),
  });
}

export { handle as GET, handle as POST };

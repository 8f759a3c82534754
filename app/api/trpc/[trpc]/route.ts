import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { AppError } from "@/server/core/errors";
import { appLog } from "@/server/core/log";
import { callerAddress } from "@/server/sign-in/caller-address";
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
    }),
  });
}

export { handle as GET, handle as POST };

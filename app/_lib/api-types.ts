import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "@/server/trpc/root";

/** What procedures give: `Api["accounts"]["list"]["rows"][number]`. */
export type Api = inferRouterOutputs<AppRouter>;
export type ApiInput = inferRouterInputs<AppRouter>;

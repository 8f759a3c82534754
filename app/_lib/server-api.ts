import { TRPCError } from "@trpc/server";
import { headers } from "next/headers";
import { cache } from "react";
import { appLog } from "@/server/core/log";
import { callerAddress } from "@/server/sign-in/caller-address";
import { getPrincipal } from "@/server/sign-in/principal";
import { callerOf } from "@/server/trpc/root";

/** The procedures, called by a page on the server as whoever asks for the page. */
export const serverApi = cache(async () => {
  const asked = await headers();
  return callerOf({
    principal: await getPrincipal(),
    address: callerAddress(asked),
    userAgent: (asked.get("user-agent") ?? "").slice(0, 400),
    log: appLog(),
  });
});

/** Who is there; null when nobody is signed in. */
export const findViewer = cache(async () => (await serverApi()).viewer.me());

/** The tenant at this address, if the person who asks has a place in it. */
export const findTenant = cache(async (slug: string) => {
  try {
    return await (await serverApi()).tenants.bySlug({ slug });
  } catch (error) {
    if (error instanceof TRPCError && error.code !== "INTERNAL_SERVER_ERROR") return null;
    throw error;
  }
});

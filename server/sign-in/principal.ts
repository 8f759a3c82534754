/** Who the present request comes from, for the procedures' context and for pages. */
import { getServerSession } from "next-auth";
import { cache } from "react";
import type { Principal } from "../trpc/principal";
import { authOptions } from "./next-auth";

/** Asked of the database once a page, whoever asks. */
export const getPrincipal = cache(async (): Promise<Principal | null> => {
  const session = (await getServerSession(authOptions())) as { principal?: Principal } | null;
  return session?.principal ?? null;
});

/** Who the present request comes from, for the procedures' context and for pages. */
import { getServerSession } from "next-auth";
import { cache } from "react";
import { AppError } from "../core/errors";
import type { Principal } from "../trpc/principal";
import { authOptions, type Trouble } from "./next-auth";

/**
 * Asked of the database once a page, whoever asks; null when nobody is signed in.
 * @throws too_many or unavailable when it cannot be told just now
 */
export const getPrincipal = cache(async (): Promise<Principal | null> => {
  const session = (await getServerSession(authOptions())) as { principal?: Principal; trouble?: Trouble } | null;
  if (session?.trouble) throw new AppError(session.trouble.code, session.trouble.message);
  return session?.principal ?? null;
});

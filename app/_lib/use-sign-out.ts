"use client";

import { signOut } from "next-auth/react";
import { useCallback } from "react";
import { paths } from "./paths";

/** Ends the sign-in on the server, forgets the cookie, and starts a new page, so that nothing read stays in memory. */
export function useSignOut(): () => Promise<void> {
  return useCallback(async () => {
    await signOut({ redirect: false });
    window.location.assign(paths.signIn);
  }, []);
}

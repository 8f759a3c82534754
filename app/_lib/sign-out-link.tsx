"use client";

import type { ReactNode } from "react";
import { useSignOut } from "./use-sign-out";

export function SignOutLink({ children }: { children: ReactNode }) {
  const signOut = useSignOut();
  return (
    <button
      type="button"
      onClick={() => void signOut()}
      className="rounded-sm text-brand-text underline-offset-2 hover:underline"
    >
      {children}
    </button>
  );
}

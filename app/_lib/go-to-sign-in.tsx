"use client";

import { useEffect } from "react";
import { paths } from "./paths";

/** Layouts do not know the address that was asked for; the browser does. */
export function GoToSignIn() {
  useEffect(() => {
    const { pathname, search } = window.location;
    window.location.replace(paths.signInTo(pathname + search));
  }, []);
  return <p className="sr-only">Taking you to the sign-in page…</p>;
}

/** next-auth's part: the cookie, and the calls that sign in and out. What it may say is decided in sign-in.ts. */

import { cookies } from "next/headers";
import type { NextAuthOptions, Session } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { admit } from "../core/admission";
import { env, prepareNextAuth } from "../core/env";
import { AppError, type ErrorCode } from "../core/errors";
import { appLog } from "../core/log";
import { boundsOf } from "../trpc/bounds";
import type { Claims, Principal } from "../trpc/principal";
import { callerAddress } from "./caller-address";
import { browserCookie, browserCookieOptions } from "./known-browser";
import { findPrincipal, type SignedIn, signIn, signInDays } from "./sign-in";
import { signOut } from "./sign-ins";

/** Made when first asked for: building the app needs no settings. */
export function authOptions(): NextAuthOptions {
  prepareNextAuth();
  return {
    secret: env.AUTH_SECRET,
    // Credentials allow no other; the `jwt` callback asks the database each time.
    session: { strategy: "jwt", maxAge: signInDays * 24 * 3600 },
    useSecureCookies: env.APP_URL.startsWith("https:"),
    pages: { signIn: "/sign-in", signOut: "/sign-in", error: "/sign-in" },
    providers: [
      CredentialsProvider({
        credentials: { email: {}, password: {} },
        async authorize(credentials, request) {
          const headers = new Headers(request.headers as Record<string, string>);
          const address = callerAddress(headers);
          const cookieStore = await cookies();
          const attempt = {
            email: String(credentials?.email ?? ""),
            password: String(credentials?.password ?? ""),
            address,
            userAgent: (headers.get("user-agent") ?? "").slice(0, 400),
            browser: cookieStore.get(browserCookie)?.value,
          };
          try {
            const { doors, browser } = await admit(boundsOf(null, address), () => signIn(attempt, appLog()));
            cookieStore.set(browserCookie, browser, browserCookieOptions());
            return { id: doors[0].signInId, doors };
          } catch (error) {
            // next-auth hands the message on to the form as it is.
            if (error instanceof AppError) throw error;
            appLog().error({ error }, "sign-in failed");
            throw new Error("Signing in does not work just now. It has been logged; try again in a moment.");
          }
        },
      }),
    ],
    callbacks: {
      async jwt({ token, user, trigger, session }) {
        const doors = user ? (user as unknown as Pick<SignedIn, "doors">).doors : ((token.doors ?? []) as Claims[]);
        const wished = trigger === "update" ? (session as { signInId?: unknown } | undefined)?.signInId : token.at;
        try {
          const principal = await findPresent(doors, wished);
          // Thrown, it voids the session and its cookie.
          if (!principal) throw new SessionEnded();
          return { doors, at: principal.signInId, principal };
        } catch (error) {
          if (error instanceof SessionEnded) throw error;
          // A database that does not answer signs nobody out.
          if (!(error instanceof AppError)) appLog().error({ error }, "who is there could not be told");
          const { code, message } = error instanceof AppError ? error : unavailable;
          return { doors, at: token.at, trouble: { code, message } };
        }
      },
      session({ session, token }) {
        if (token.trouble) return { expires: session.expires, trouble: token.trouble } as unknown as Session;
        const principal = token.principal as Principal;
        return {
          expires: session.expires,
          user: { name: principal.name, email: principal.email },
          principal,
        } as Session;
      },
    },
    events: {
      async signOut({ token }) {
        const { doors = [], principal } = (token ?? {}) as { doors?: Claims[]; principal?: Principal };
        for (const door of doors) await signOut(door, principal?.name ?? "");
      },
    },
    logger: {
      error(code, metadata) {
        const cause = (metadata as { error?: unknown }).error ?? metadata;
        if (code === "JWT_SESSION_ERROR") appLog().debug({ code, cause }, "session void");
        else appLog().error({ code, cause }, "next-auth");
      },
      warn: (code) => appLog().warn({ code }, "next-auth"),
      debug: () => {},
    },
  };
}

/** Who is there: at the door that is wished for, or else at the first that still stands. */
async function findPresent(doors: Claims[], wished: unknown): Promise<Principal | null> {
  const isWished = ({ signInId }: Claims) => signInId === wished;
  for (const door of [...doors.filter(isWished), ...doors.filter((one) => !isWished(one))]) {
    const principal = await admit(boundsOf(door, ""), () => findPrincipal(door));
    if (principal) return doors.length > 1 ? { ...principal, doors } : principal;
  }
  return null;
}

const unavailable = {
  code: "unavailable",
  message: "Who you are cannot be looked up just now. It has been logged; try again in a moment.",
} satisfies Trouble;

/** What an AppError says, in the form in which next-auth hands it on. */
export interface Trouble {
  code: ErrorCode;
  message: string;
}

class SessionEnded extends Error {
  override name = "SessionEnded";
}

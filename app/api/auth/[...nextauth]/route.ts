import NextAuth from "next-auth";
import { authOptions } from "@/server/sign-in/next-auth";

/** What signing in and out asks for. The rest is shut: `_log` would write into our log for anybody who asks. */
const open = ["callback/credentials", "csrf", "providers", "session", "signout"];

async function handle(request: Request, context: { params: Promise<{ nextauth: string[] }> }): Promise<Response> {
  if (!open.includes((await context.params).nextauth.join("/"))) return new Response(null, { status: 404 });
  return NextAuth(request as never, context as never, authOptions());
}

export { handle as GET, handle as POST };

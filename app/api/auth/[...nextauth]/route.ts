import NextAuth from "next-auth";
import { authOptions } from "@/server/sign-in/next-auth";

const handle = (request: Request, context: unknown) => NextAuth(request as never, context as never, authOptions());

export { handle as GET, handle as POST };

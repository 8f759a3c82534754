import { AppError } from "../core/errors";
import type { Principal } from "../trpc/principal";
import { publicProcedure, router, settledPrincipal } from "../trpc/trpc";
import { changePassword } from "./change-password";
import { listDoors } from "./doors";
import { changePasswordInput, endSignInInput } from "./schema";
import { endOtherSignIns, endSignIn, listSignIns, signOut } from "./sign-ins";
import { viewer } from "./viewer";

const ownSignIns = "users and accounts alike look after their own sign-ins; nobody signed in is refused";

export const viewerRouter = router({
  me: publicProcedure("every page asks who is there, also when nobody is").query(({ ctx }) => viewer(ctx.principal)),
});

export const signInRouter = router({
  changePassword: publicProcedure("a forced change happens before anything else; nobody signed in is refused")
    .input(changePasswordInput)
    .mutation(({ ctx, input }) => changePassword(present(ctx.principal), input)),
  signOut: publicProcedure("one may always leave").mutation(async ({ ctx }) => {
    if (ctx.principal) await signOut(ctx.principal, ctx.principal.name);
  }),
  doors: publicProcedure("whoever is signed in may ask where else their password lets them in").query(({ ctx }) =>
    listDoors(present(ctx.principal)),
  ),
  list: publicProcedure(ownSignIns).query(({ ctx }) => listSignIns(settledPrincipal(ctx.principal))),
  end: publicProcedure(ownSignIns)
    .input(endSignInInput)
    .mutation(({ ctx, input }) => endSignIn(settledPrincipal(ctx.principal), input.signInId)),
  endOthers: publicProcedure(ownSignIns).mutation(({ ctx }) => endOtherSignIns(settledPrincipal(ctx.principal))),
});

function present(principal: Principal | null): Principal {
  if (!principal) throw new AppError("unauthenticated", "Sign in to go on.");
  return principal;
}

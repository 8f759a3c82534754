import { publicProcedure, router, tenantProcedure } from "../trpc/trpc";
import { acceptInvitation, openInvitation } from "./accept";
import * as members from "./members";
import {
  acceptInvitationInput,
  changeRoleInput,
  invitationInput,
  inviteInput,
  listMembersInput,
  memberInput,
  openInvitationInput,
} from "./schema";

export const membersRouter = router({
  list: tenantProcedure("members:read")
    .input(listMembersInput)
    .query(({ ctx, input }) => members.listMembers(ctx.scope, input)),
  changeRole: tenantProcedure("members:write")
    .input(changeRoleInput)
    .mutation(({ ctx, input }) => members.changeRole(ctx.scope, input)),
  remove: tenantProcedure("members:write")
    .input(memberInput)
    .mutation(({ ctx, input }) => members.removeMember(ctx.scope, input.memberId)),
  sendLink: tenantProcedure("members:write")
    .input(memberInput)
    .mutation(({ ctx, input }) => members.sendMemberLink(ctx.scope, input.memberId)),

  invitations: tenantProcedure("members:read").query(({ ctx }) => members.listInvitations(ctx.scope)),
  invite: tenantProcedure("members:write")
    .input(inviteInput)
    .mutation(({ ctx, input }) => members.invite(ctx.scope, input)),
  revokeInvitation: tenantProcedure("members:write")
    .input(invitationInput)
    .mutation(({ ctx, input }) => members.revokeInvitation(ctx.scope, input.invitationId)),
});

const bearer = "whoever holds the token was invited; it is 256 random bits";

export const invitationsRouter = router({
  open: publicProcedure(bearer)
    .input(openInvitationInput)
    .query(({ input }) => openInvitation(input.token)),
  accept: publicProcedure(bearer)
    .input(acceptInvitationInput)
    .mutation(({ ctx, input }) => acceptInvitation(input, ctx.address)),
});

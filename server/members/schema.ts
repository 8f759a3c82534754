import { z } from "zod";
import { filterOf, listInput, memberRole } from "../core/listing";
import { emailField, nameField } from "../core/text";

export const listMembersInput = listInput(["name", "email", "createdAt"]).extend({ role: filterOf(memberRole) });
export const inviteInput = z.object({ email: emailField, role: memberRole });
export const changeRoleInput = z.object({ memberId: z.uuid(), role: memberRole });
export const memberInput = z.object({ memberId: z.uuid() });
export const invitationInput = z.object({ invitationId: z.uuid() });

const token = z.string().max(100);
export const openInvitationInput = z.object({ token });
export const acceptInvitationInput = z.object({
  token,
  name: nameField,
  password: z.string().min(1, "Give a password.").max(1000),
});

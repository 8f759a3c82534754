import { z } from "zod";

export const changePasswordInput = z.object({
  current: z.string().min(1, "Give your current password.").max(1000),
  next: z.string().min(1, "Choose a new password.").max(1000),
});
export const endSignInInput = z.object({ signInId: z.uuid() });

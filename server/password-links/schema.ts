import { z } from "zod";
import { emailField } from "../core/text";

export const requestLinksInput = z.object({ email: emailField });
const token = z.string().max(200);
export const sendLinkInput = z.object({ accountId: z.uuid() });
export const openLinkInput = z.object({ token });
export const setPasswordInput = z.object({
  token,
  password: z.string().min(1, "Choose a password.").max(1000),
});

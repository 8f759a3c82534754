import { z } from "zod";
import { listInput } from "../core/listing";

export const listMailsInput = listInput(["createdAt", "recipient", "subject"]).extend({
  order: z.enum(["asc", "desc"]).default("desc"),
});
export const mailInput = z.object({ id: z.uuid() });

import { z } from "zod";
import { listInput } from "../core/listing";

export const ownSessionsInput = listInput(["connectedAt"]).extend({ order: z.enum(["asc", "desc"]).default("desc") });
export type OwnSessionsInput = z.infer<typeof ownSessionsInput>;

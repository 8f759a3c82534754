import { z } from "zod";
import { listInput } from "../core/listing";

export const listStaffInput = listInput(["name", "email", "createdAt"]);
export const staffInput = z.object({ userId: z.uuid() });

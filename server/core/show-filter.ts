/** How accounts and devices stand now, as lists of them filter by it; showing.ts says what each means. */
import { z } from "zod";
import { filterOf } from "./listing";

const standings = ["online", "never-connected", "no-profile", "ends-soon", "blocked"] as const;
export type Standing = (typeof standings)[number];

export const showFilter = filterOf(z.enum(standings));

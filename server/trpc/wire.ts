/** What crosses between browser and server: JSON, with superjson's notes of what JSON cannot say. */
import { TRPCError } from "@trpc/server";
import superjson, { type SuperJSONResult } from "superjson";

/** Deeper than any input of ours has a date. */
const deepest = 20;

/**
 * Of what a request notes only dates and undefined are believed. Of the rest a few bytes would have the server make far
 * more than they are: a typed array as long as a number says, or a set that each reference walks through.
 * @throws TRPCError BAD_REQUEST
 */
function readInput(sent: SuperJSONResult): unknown {
  const { values, referentialEqualities } = sent?.meta ?? {};
  if (referentialEqualities !== undefined || !isPlain(values, 0))
    throw new TRPCError({ code: "BAD_REQUEST", message: "Send dates and plain JSON, and nothing else." });
  return superjson.deserialize(sent);
}

/** @param notes `["Date"]`, `["Date", { under: notes }]` or `{ name: notes }` */
function isPlain(notes: unknown, depth: number): boolean {
  if (notes === undefined) return true;
  if (typeof notes !== "object" || notes === null || depth > deepest) return false;
  if (!Array.isArray(notes)) return Object.values(notes).every((inner) => isPlain(inner, depth + 1));
  const [type, under] = notes;
  return (type === "Date" || type === "undefined") && isPlain(under, depth + 1);
}

export const wire = { input: { serialize: superjson.serialize, deserialize: readInput }, output: superjson };

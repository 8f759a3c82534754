import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

/** Joins class names; of two that set the same thing, the later wins, so a caller's className overrides a primitive's. */
export function cn(...values: ClassValue[]): string {
  return merge(clsx(values));
}

const merge = extendTailwindMerge({ extend: { classGroups: { "font-size": [{ text: ["2xs"] }] } } });

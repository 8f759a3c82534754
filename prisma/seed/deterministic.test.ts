import { expect, it } from "vitest";
import { z } from "zod";
import { randomOf, uuidOf } from "./deterministic";

it("gives the same id to the same name, and others to others", () => {
  expect(uuidOf("account", 1)).toBe(uuidOf("account", 1));
  expect(uuidOf("account", 1)).not.toBe(uuidOf("account", 11));
  expect(uuidOf("a", "b")).not.toBe(uuidOf("ab"));
  expect(z.uuid().safeParse(uuidOf("account", 1)).success).toBe(true);
});

it("draws the same numbers from the same seed, over the whole range", () => {
  const draw = (seed: number) => {
    const random = randomOf(seed);
    return Array.from({ length: 1_000 }, random);
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(8)).not.toEqual(draw(7));
  const drawn = draw(7);
  expect(Math.min(...drawn)).toBeLessThan(0.01);
  expect(Math.max(...drawn)).toBeGreaterThan(0.99);
  expect(Math.max(...drawn)).toBeLessThan(1);
});

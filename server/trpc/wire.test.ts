import superjson from "superjson";
import { expect, test } from "vitest";
import { wire } from "./wire";

const read = (sent: unknown) => wire.input.deserialize(sent as never);

test("what the app sends comes as it was: plain values, dates and undefined, wherever they stand", () => {
  for (const input of [
    undefined,
    null,
    { a: [1, "b"] },
    { from: new Date(0), more: [{ at: new Date(1), none: undefined }] },
  ])
    expect(read(JSON.parse(JSON.stringify(wire.input.serialize(input))))).toEqual(input);
});

test.each([
  ["an array as long as a number says", { json: 1e8, meta: { values: [["typed-array", "Uint8Array"]] } }],
  ["a set", superjson.serialize({ a: new Set([1]) })],
  ["a map", superjson.serialize(new Map([[1, 2]]))],
  ["an expression", superjson.serialize({ a: /a+/ })],
  ["references", { json: { a: [1] }, meta: { referentialEqualities: { a: ["b"] } } }],
  ["notes without end", { json: {}, meta: { values: nested(30) } }],
  ["notes that are none", { json: {}, meta: { values: "Date" } }],
])("%s is refused before anything is made of it", (_, sent) => {
  expect(() => read(sent)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
});

function nested(depth: number): unknown {
  return depth === 0 ? ["Date"] : { a: nested(depth - 1) };
}

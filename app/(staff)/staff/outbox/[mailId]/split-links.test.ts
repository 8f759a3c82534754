import fc from "fast-check";
import { expect, test } from "vitest";
import { splitLinks } from "./split-links";

test("a link can be pressed, and the full stop after it is not part of it", () => {
  expect(splitLinks("Open http://localhost:3000/invitation/abc_-1. Thanks")).toEqual([
    { text: "Open " },
    { text: "http://localhost:3000/invitation/abc_-1", href: "http://localhost:3000/invitation/abc_-1" },
    { text: ". Thanks" },
  ]);
});

test("nothing but http and https becomes a link", () => {
  expect(splitLinks("javascript:alert(1) data:text/html,x ftp://x")).toEqual([
    { text: "javascript:alert(1) data:text/html,x ftp://x" },
  ]);
});

test("no letter of the mail is lost", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.webUrl())), (pieces) => {
      const text = pieces.join(" ");
      expect(
        splitLinks(text)
          .map((part) => part.text)
          .join(""),
      ).toBe(text);
    }),
    { numRuns: 30 },
  );
});

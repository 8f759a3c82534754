import { describe, expect, test } from "vitest";
import { addressField, cleanText, emailField, nameField } from "./text";

const message = (result: { error?: { issues: { message: string }[] } }) => result.error?.issues[0]?.message;

describe("a name", () => {
  test.each([
    ["Persian", "می\u200cخواهم", "می\u200cخواهم"],
    ["Malayalam", "അവന്\u200d", "അവന്\u200d"],
    ["Malayalam within a word", "ക്\u200dഷ", "ക്\u200dഷ"],
    ["a family", "👨\u200d👩\u200d👧 Ops", "👨\u200d👩\u200d👧 Ops"],
    ["a profession with a skin tone", "👩🏽\u200d🔧", "👩🏽\u200d🔧"],
    ["a heart on fire", "❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"],
    ["zero-width spaces", "\u200bDa\u200bna\ufeff", "Dana"],
    ["a soft hyphen", "Haupt\u00adpumpe", "Hauptpumpe"],
    ["a tab from a spreadsheet", "Dana\tFox\t", "Dana Fox"],
    ["a joiner that joins nothing", "Dana \u200d Fox\u200c", "Dana  Fox"],
    ["letters and marks apart", "Mu\u0308ller", "Müller"],
    ["no-break spaces", "Dana\u00a0Fox", "Dana Fox"],
  ])("with %s is taken", (_, given, kept) => {
    expect(nameField.parse(given)).toBe(kept);
    expect(cleanText(kept)).toBe(kept);
  });

  test.each([
    ["a bell", "Dana\u0007"],
    ["a turn of the text", "Dana\u202e"],
    ["an isolate", "Dana\u2066x"],
    ["two lines", "Dana\nFox"],
  ])("with %s is refused", (_, given) => {
    expect(message(nameField.safeParse(given))).toContain("control characters");
  });
});

describe("an email", () => {
  test.each([
    ["Dana@Example.COM ", "dana@example.com"],
    ["r&d@example.com", "r&d@example.com"],
    ["jörg@müller.example", "jörg@müller.example"],
    ["почта@пример.рф", "почта@пример.рф"],
    ["info@xn--mller-kva.example", "info@xn--mller-kva.example"],
    ["\u200bo'neil+vpn@sub.example.co", "o'neil+vpn@sub.example.co"],
  ])("%j is one", (given, kept) => expect(emailField.parse(given)).toBe(kept));

  test.each([
    "dana",
    "dana@x",
    "a b@x.test",
    "a@x.test\nBcc: b@x.test",
    "<a@x.test>",
    "a,b@x.test",
    ".a@x.test",
    "a..b@x.test",
    "a@-x.test",
    "a@x..test",
    "@x.test",
  ])("%j is none", (given) => expect(message(emailField.safeParse(given))).toContain("Give an email address"));
});

describe("an address", () => {
  test("is taken as pasted", () => expect(addressField.parse(" 10.0.0.10\u200b\t")).toBe("10.0.0.10"));

  test.each([
    ["10.0.0.010", "begins with a zero", "Write 10.0.0.10."],
    ["10.0.0.10/32", "names a network", "without /32"],
    ["10.0.0.10:80", "has a port", "without :80"],
    ["10.0.0.300", "300 is more than 255", "such as"],
    ["crane", "Give an IPv4 address", "such as"],
    ["", "Give an IPv4 address", "such as"],
  ])("%j is refused with what is wrong", (given, ...words) => {
    for (const word of words) expect(message(addressField.safeParse(given))).toContain(word);
  });
});

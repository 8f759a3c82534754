import { z } from "zod";

/**
 * Zod's own words are for programmers. A schema's message still wins; these stand in where it has none. Importing this
 * file is enough: the setting is Zod's, for the whole page.
 */
z.config({
  customError: (issue) => {
    switch (issue.code) {
      case "invalid_type":
        return isBlank(issue.input)
          ? "This is needed."
          : `This must be ${typeNames[issue.expected] ?? "something else"}.`;
      case "invalid_value":
        return isBlank(issue.input) ? "Choose one." : "This is not one of the choices.";
      case "too_small":
        if (issue.origin === "string")
          return issue.minimum === 1 ? "This is needed." : `Use at least ${issue.minimum} characters.`;
        if (issue.origin === "array" || issue.origin === "set")
          return issue.minimum === 1 ? "Choose at least one." : `Choose at least ${issue.minimum}.`;
        return `${issue.inclusive === false ? "Use more than" : "The least is"} ${issue.minimum}.`;
      case "too_big":
        if (issue.origin === "string") return `Use at most ${issue.maximum} characters.`;
        if (issue.origin === "array" || issue.origin === "set") return `Choose at most ${issue.maximum}.`;
        return `${issue.inclusive === false ? "Use less than" : "The most is"} ${issue.maximum}.`;
      case "invalid_format":
        return formats[issue.format];
      default:
        return undefined;
    }
  },
});

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

const typeNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "yes or no",
  date: "a date",
  array: "a list",
};

const formats: Record<string, string> = {
  email: "Give an email address, such as ada@example.com.",
  url: "Give an address that starts with https://.",
  ipv4: "Give an IPv4 address, such as 10.0.0.10.",
  cidrv4: "Give a network, such as 10.0.0.0/24.",
};

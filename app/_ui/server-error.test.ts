import { expect, test, vi } from "vitest";
import { showServerError } from "./form";
import { readServerError } from "./server-error";

const formWith = (values: object) => ({ setError: vi.fn(), getValues: vi.fn(() => values) });
const refusal = (message: string, field?: string) => Object.assign(new Error(message), { data: { field } });

test("an error about a field is shown at that field, which gets the focus", () => {
  const form = formWith({ email: "" });
  showServerError(form as never, refusal("Somebody has this email already.", "email"));
  expect(form.setError).toHaveBeenCalledWith(
    "email",
    { type: "server", message: "Somebody has this email already." },
    { shouldFocus: true },
  );
});

test("an error about a member of a list is shown at that member", () => {
  const form = formWith({ rules: [] });
  showServerError(form as never, refusal("Ports end at 65535.", "rules.0.port"));
  expect(form.setError.mock.calls[0]![0]).toBe("rules.0.port");
});

test("an error about a field that the form does not show is not lost", () => {
  const form = formWith({ email: "" });
  showServerError(form as never, refusal("There is no such tenant.", "tenantId"));
  expect(form.setError).toHaveBeenCalledWith("root.server", { type: "server", message: "There is no such tenant." });
});

test.each([
  [new TypeError("Failed to fetch"), "Drawbridge cannot be reached. Check your connection and try again."],
  [undefined, "Something went wrong on our side. Try again; if it stays, tell support."],
  ["boom", "Something went wrong on our side. Try again; if it stays, tell support."],
])("what is no answer of ours is told in our words", (error, message) => {
  expect(readServerError(error).message).toBe(message);
});

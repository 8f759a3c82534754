/** What people do in the browser, by the words on the screens. */
import { readFile } from "node:fs/promises";
import { type Browser, expect, type Locator, type Page } from "@playwright/test";
import { getInstallation } from "./installation";

export interface Person {
  email: string;
  password: string;
}

/** A page of a browser of its own, with nobody signed in. */
export async function openBrowser(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ baseURL: getInstallation().url, acceptDownloads: true });
  return context.newPage();
}

export async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

/** Staff of the seed. */
export function getStaff(who: string): Person {
  const { signIns, password } = getInstallation();
  const found = signIns.find((one) => one.kind === "staff" && one.who.toLowerCase().startsWith(who));
  if (!found) throw new Error(`the seed made no ${who}; it made ${signIns.map((one) => one.who).join(", ")}`);
  return { email: found.email, password };
}

/** Chooses in a combobox; one that takes several stays open until it is left. */
export async function choose(
  within: Page | Locator,
  label: string,
  option: string,
  { isMultiple = false } = {},
): Promise<void> {
  const page = "page" in within ? within.page() : within;
  await within.getByRole("combobox", { name: label }).click();
  await page.keyboard.type(option);
  await page.getByRole("option", { name: option }).first().click();
  if (isMultiple) await page.keyboard.press("Escape");
  await expect(page.getByRole("listbox")).toHaveCount(0);
}

export async function changePassword(page: Page, current: string, next: string): Promise<void> {
  await page.getByLabel(/^(Temporary|Current) password/).fill(current);
  await page.getByLabel("New password", { exact: true }).fill(next);
  await page
    .getByRole("button", { name: /password/i })
    .last()
    .click();
  await page.waitForURL((url) => url.pathname !== "/change-password");
}

/** @returns the text of the .ovpn file that the browser saved */
export async function downloadProfile(page: Page): Promise<string> {
  await page.goto("/portal");
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Download/ }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toMatch(/\.ovpn$/);
  return readFile(await download.path(), "utf8");
}

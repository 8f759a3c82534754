/**
 * What one presses in a sheet or a dialog is pressed, at the first try and by a hand that holds the button for a moment;
 * and nothing is red before it was sent.
 */
import { type Browser, expect, type Locator, type Page, test } from "@playwright/test";
import { getInstallation } from "./support/installation";
import { getStaff, openBrowser, type Person, signIn } from "./support/people";

/** As long as a hand holds a button: enough for what the press set off to move the button away. */
const held = { delay: 120 };

interface Sheet {
  at: string;
  main: string;
  open?: (page: Page) => Promise<void>;
}

const note = getInstallation();

test("sheets of a tenant take the first click", async ({ browser }) => {
  const member = note.signIns.find((one) => one.kind === "member")!;
  const page = await enter(browser, { email: member.email, password: note.password });
  const home = new URL(page.url()).pathname;
  await press(page, [
    { at: `${home}/accounts?panel=new`, main: "Create account" },
    { at: `${home}/devices?panel=new`, main: "Add device" },
    { at: `${home}/groups?panel=new`, main: "Add group" },
    { at: `${home}/grants?panel=new`, main: "Give grant" },
    { at: `${home}/members?panel=invite`, main: "Send invitation" },
    { at: `${home}/accounts?q=ines`, main: "Revoke access", open: (page) => pick(page, "Revoke access…") },
    { at: `${home}/accounts?q=ines`, main: "Block", open: (page) => pick(page, "Block for a while…") },
    { at: `${home}/sessions`, main: "Disconnect", open: (page) => pick(page, "Disconnect…") },
  ]);
});

test("sheets of staff take the first click", async ({ browser }) => {
  const page = await enter(browser, getStaff("administrator"));
  await press(page, [
    { at: "/staff/tenants?panel=new", main: "Create tenant and invite" },
    { at: "/staff/gateways?panel=new", main: "Add gateway and show its token" },
  ]);
});

async function press(page: Page, sheets: Sheet[]): Promise<void> {
  test.setTimeout(test.info().timeout + sheets.length * 60_000);
  for (const { at, main, open } of sheets)
    await test.step(at, async () => {
      const sheet = await show(page, at, open);
      await expect(sheet.locator("[aria-invalid=true]"), "nothing is red yet").toHaveCount(0);
      await leaveField(sheet);
      await sheet.getByRole("button", { name: "Cancel" }).click(held);
      await expect(sheet).toHaveCount(0);

      await show(page, at, open);
      await page.evaluate(() => {
        const counting = window as unknown as { sent: number };
        counting.sent = 0;
        document.addEventListener("submit", () => counting.sent++, { capture: true });
      });
      await leaveField(sheet);
      await sheet.getByRole("button", { name: main, exact: true }).click(held);
      expect(await page.evaluate(() => (window as unknown as { sent: number }).sent)).toBe(1);
      await expect(sheet.locator("[aria-invalid=true]").first()).toBeVisible();
    });
}

async function show(page: Page, at: string, open?: (page: Page) => Promise<void>): Promise<Locator> {
  await page.goto(at);
  await open?.(page);
  const sheet = page.locator("[role=dialog], [role=alertdialog]");
  await expect(sheet.getByRole("button", { name: "Cancel" })).toBeVisible();
  return sheet;
}

/** Types and takes it back, so that leaving the field leaves it empty. */
async function leaveField(sheet: Locator): Promise<void> {
  const field = sheet.locator("input:focus");
  if ((await field.count()) === 0) return;
  await field.press("x");
  await field.press("Backspace");
}

async function pick(page: Page, action: string): Promise<void> {
  await page.getByRole("button", { name: "Actions", exact: true }).first().click();
  await page.getByRole("menuitem", { name: action }).click();
}

async function enter(browser: Browser, person: Person): Promise<Page> {
  const page = await openBrowser(browser);
  await signIn(page, person);
  return page;
}

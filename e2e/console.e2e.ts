/** What a tenant's admin does with several rows at once, and finds by typing. */
import { expect, type Page, test } from "@playwright/test";
import { getInstallation } from "./support/installation";
import { openBrowser, signIn } from "./support/people";

const note = getInstallation();
const member = note.signIns.find((one) => one.kind === "member")!;
let page: Page;
let home: string;

test.beforeEach(async ({ browser }) => {
  page = await openBrowser(browser);
  await signIn(page, { email: member.email, password: note.password });
  home = new URL(page.url()).pathname;
});

test("several accounts are blocked and unblocked at once, with one receipt and an audit entry each", async () => {
  const people = ["Ines Carvalho", "Tomas Okafor"];
  await page.goto(`${home}/accounts`);
  await choosePeople(people);
  await page.getByRole("button", { name: "Block for a while…" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog).toContainText("Block 2 accounts for a while?");
  await dialog.getByLabel("Reason").fill("A test of many");
  await dialog.getByRole("button", { name: "Block", exact: true }).click();
  await expect(dialog).toContainText("2 accounts blocked");
  await dialog.getByRole("button", { name: "Close" }).first().click();

  await page.goto(`${home}/accounts?show=blocked`);
  for (const name of people) await expect(page.getByRole("row", { name })).toContainText("Blocked until");
  await choosePeople(people);
  await page.getByRole("button", { name: "Unblock…" }).click();
  await dialog.getByRole("button", { name: "Unblock", exact: true }).click();
  await expect(dialog).toContainText("2 accounts may connect again");

  await page.goto(`${home}/audit`);
  for (const name of people) {
    await expect(page.getByRole("row", { name: `Blocked ${name} for a while` }).first()).toBeVisible();
    await expect(page.getByRole("row", { name: `Unblocked ${name}` }).first()).toBeVisible();
  }
});

async function choosePeople(names: string[]): Promise<void> {
  for (const name of names) await page.getByRole("row", { name }).getByRole("checkbox").check();
}

test("a person is found by a few letters, then the page's own actions, and is offered first the next time", async () => {
  const input = page.getByPlaceholder(/^Find a person/);
  const type = async (text: string) => {
    await expect(page.locator("[role=dialog], [role=alertdialog]"), "nothing of before is open").toHaveCount(0);
    await page.keyboard.press("Control+k");
    await input.fill(text);
  };
  await page.goto(home);
  await type("ines");
  await page.getByRole("option", { name: /Ines Carvalho.*ines@/ }).click();
  await expect(page.getByRole("heading", { name: "Ines Carvalho" })).toBeVisible();

  await type("block");
  await page.getByRole("option", { name: "Block for a while…" }).click();
  await expect(page.getByRole("alertdialog")).toContainText("Block Ines Carvalho for a while?");
  await page.keyboard.press("Escape");

  await type("10.0.");
  await expect(page.getByRole("group", { name: "Devices" }).getByRole("option").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await type("");
  await expect(page.getByRole("group", { name: "Recent" }).getByRole("option").first()).toContainText("Ines Carvalho");
});

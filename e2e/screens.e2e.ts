/**
 * Every screen of the demonstration, and those of a tenant that has nothing yet: it renders for the person whom it is for,
 * in light and dark and on a phone, says nothing on the console, and passes WCAG AA. DRAWBRIDGE_SHOTS names a folder for
 * pictures of them all.
 */
import { join } from "node:path";
import { type Browser, expect, type Page, test } from "@playwright/test";
import axe, { type RunOnly } from "axe-core";
import { getInstallation } from "./support/installation";
import { choose, getStaff, openBrowser, type Person, signIn } from "./support/people";

/** One that an address alone does not show is opened by what people press. */
type Screen = string | { at: string; open: (page: Page) => Promise<void> };

const staffScreens = [
  "/staff/tenants",
  "/staff/tenants?panel=new",
  "/staff/plans",
  "/staff/gateways",
  "/staff/gateways?panel=new",
  "/staff/sessions",
  "/staff/sessions?view=blocked",
  "/staff/sessions?view=refused",
  "/staff/sessions?view=packets",
  "/staff/outbox",
  "/staff/people",
];
const tenantScreens = [
  "",
  "/accounts",
  "/accounts?panel=new",
  "/devices",
  "/devices?panel=new",
  "/groups",
  "/policies",
  "/policies/new",
  "/grants",
  "/grants?panel=new",
  "/sessions",
  "/sessions?view=past",
  "/sessions?view=refused",
  "/sessions?view=packets",
  "/sessions?panel=second",
  "/members",
  "/audit",
];
const portalScreens = ["/portal", "/portal/sessions", "/portal/reach"];

const note = getInstallation();
const member = note.signIns.find((one) => one.kind === "member")!;
const account = note.signIns.find((one) => one.kind === "account")!;
const as = ({ email }: { email: string }): Person => ({ email, password: note.password });

test("screens before signing in", async ({ browser }) => {
  const page = await openBrowser(browser);
  await look(page, "sign-in", ["/sign-in", "/invitation/none", "/forgotten-password", "/set-password/none"]);
});

test("screens of staff", async ({ browser }) => {
  const page = await enter(browser, getStaff("administrator"));
  await look(page, "staff", staffScreens);
  const tenant = await firstLink(page, "/staff/tenants");
  await look(page, "staff-tenant", [tenant, `${tenant}?panel=details`]);
  await look(page, "staff-mail", [await firstLink(page, "/staff/outbox")]);
  // Where there is no network, there is no gateway.
  if (!note.network) return;
  const gateway = await firstLink(page, "/staff/gateways");
  await look(page, "staff-gateway", [
    gateway,
    `${gateway}?panel=edit`,
    { at: gateway, open: (page) => page.getByRole("button", { name: "Maintenance…" }).click() },
    {
      at: gateway,
      open: (page) =>
        page
          .getByRole("button", { name: /^Drain / })
          .first()
          .click(),
    },
  ]);
});

test("screens of a tenant's admin", async ({ browser }) => {
  const page = await enter(browser, as(member));
  const home = new URL(page.url()).pathname;
  await look(
    page,
    "tenant",
    tenantScreens.map((screen) => `${home}${screen}`),
  );
  for (const [list, name] of [
    ["/accounts", "account"],
    ["/policies", "policy"],
  ] as const)
    await look(page, `tenant-${name}`, [await firstLink(page, `${home}${list}`)]);
});

test("screens of what is blocked, limited or dials in", async ({ browser }) => {
  const page = await enter(browser, as(member));
  const home = new URL(page.url()).pathname;
  const limited = await firstLink(page, `${home}/accounts?q=ines`);
  await look(page, "special", [
    limited,
    `${limited}?panel=edit`,
    await firstLink(page, `${home}/accounts?q=jonas`),
    { at: `${home}/accounts?q=ines`, open: (page) => pick(page, "Block for a while…") },
    { at: `${home}/accounts?q=jonas`, open: (page) => pick(page, "Unblock…") },
    { at: `${home}/grants?state=active`, open: (page) => pick(page, "End now…") },
    {
      at: `${home}/devices?attachment=openvpn`,
      open: (page) => page.getByRole("row").getByRole("button", { name: "Floating crane PLC", exact: true }).click(),
    },
  ]);
});

test("screens of a VPN account's portal", async ({ browser }) => {
  const page = await enter(browser, as(account));
  await look(page, "portal", [...portalScreens, "/change-password"]);
});

test("screens of a tenant that has nothing yet", async ({ browser }) => {
  const staff = await enter(browser, getStaff("administrator"));
  const slug = `nothing-yet-${Date.now().toString(36)}`;
  await staff.goto("/staff/tenants?panel=new");
  const form = staff.getByRole("dialog");
  await form.getByLabel("Name", { exact: true }).fill(slug);
  await choose(form, "Plan", "Starter");
  await form.getByLabel("Name of network 1").fill("Plant");
  await form.getByLabel("Network 1", { exact: true }).fill("10.0.0.0/24");
  await form.getByLabel("First admin's email").fill(`admin@${slug}.example`);
  await form.getByRole("button", { name: "Create tenant and invite" }).click();
  await expect(staff.getByText("is invited as its first admin")).toBeVisible();
  await look(
    staff,
    "empty",
    tenantScreens.map((screen) => `/${slug}${screen}`),
  );
});

async function enter(browser: Browser, person: Person): Promise<Page> {
  const page = await openBrowser(browser);
  await signIn(page, person);
  return page;
}

async function firstLink(page: Page, list: string): Promise<string> {
  await page.goto(list);
  const link = page.getByRole("row").getByRole("link").first();
  return (await link.getAttribute("href"))!;
}

/** From the menu of the only row. */
async function pick(page: Page, action: string): Promise<void> {
  await page.getByRole("button", { name: "Actions", exact: true }).click();
  await page.getByRole("menuitem", { name: action }).click();
}

async function look(page: Page, name: string, screens: Screen[]): Promise<void> {
  // By the number of screens, for machines that are slow.
  test.setTimeout(test.info().timeout + screens.length * 60_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  for (const [index, screen] of screens.entries()) {
    const { at, open } = typeof screen === "string" ? { at: screen, open: undefined } : screen;
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    await page.goto(at);
    await settle(page);
    if (open) {
      await open(page);
      await expect(page.locator("[role=dialog], [role=alertdialog]")).toBeVisible();
    }
    await settle(page);
    await expect(page.getByRole("heading").first()).toBeVisible();
    await checkAccessibility(page, `${at} light`, {
      type: "tag",
      values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    });
    await shoot(page, `${name}-${index}-light`);
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveClass(/\bdark\b/);
    // Nothing but the colours is another.
    await checkAccessibility(page, `${at} dark`, { type: "rule", values: ["color-contrast"] });
    await shoot(page, `${name}-${index}-dark`);
    await page.setViewportSize({ width: 390, height: 844 });
    await settle(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, `${at} is wider than a phone`).toBeLessThanOrEqual(390);
    await shoot(page, `${name}-${index}-phone`);
    await page.setViewportSize({ width: 1280, height: 800 });
  }
  expect(complaints).toEqual([]);
}

/** By axe in the page itself, which has no frames: what wraps axe for playwright opens another page for each look. */
async function checkAccessibility(page: Page, what: string, runOnly: RunOnly): Promise<void> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async (runOnly) => {
    const { axe: inPage } = window as unknown as { axe: typeof axe };
    const { violations } = await inPage.run({ runOnly, resultTypes: ["violations"], preload: false });
    return violations.map(({ id, nodes }) => `${id} ${nodes[0]?.html}`);
  }, runOnly);
  expect(violations.map((violation) => `${what}: ${violation}`)).toEqual([]);
}

/** Waits until what the page asked for is there: nothing loads, nothing is busy. */
async function settle(page: Page): Promise<void> {
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await expect(page.locator("[data-skeleton]")).toHaveCount(0);
}

async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env.DRAWBRIDGE_SHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

/**
 * The main job, end to end, as people do it: from a customer's first sign-in to a packet that arrives, and one that does
 * not. A fresh installation, a real browser, Debian's openvpn, real packets.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { labTools } from "./lab/network";
import { startVpnClient, until, type VpnClient } from "./lab/vpn-client";
import { getInstallation } from "./support/installation";
import { changePassword, choose, downloadProfile, getStaff, openBrowser, type Person, signIn } from "./support/people";

test.describe.configure({ mode: "serial" });

const acme = { name: "Acme Waterworks", slug: "acme-waterworks" };
const rival = { name: "Rival Foods", slug: "rival-foods" };
const ines = { name: "Inês Duarte", email: "ines@acme.example", password: "lantern-orbit-mosaic-7" };
const rhea = { name: "Rhea Novak", email: "rhea@rival.example", password: "pebble-quartz-violet-3" };
const dana = { name: "Dana Fox", email: "dana@acme.example", password: "walnut-harbor-static-9" };
const omar = { name: "Omar Haddad", email: "omar@acme.example", password: "copper-violin-meadow-2" };
const pump = { name: "Pump 1", address: "10.0.0.10" };
const valve = { name: "Valve 7", address: "10.0.0.11" };
const safe = { name: "Key safe", address: "10.0.0.12" };
/** The other tenant's, in the same network; Acme has nothing at its address. */
const camera = { name: "Camera", address: "10.0.0.13" };

const lab = labTools();
const folder = mkdtempSync(join(tmpdir(), "drawbridge-story-"));
const clients: VpnClient[] = [];
let manager: Page;
let admin: Page;
let danasTemporaryPassword: string;
let omarsTemporaryPassword: string;
let danasProfile: string;
let omarsProfile: string;
let danasClient: VpnClient;

const network = () => {
  const { network: note } = getInstallation();
  if (!note) throw new Error("The story needs the demonstration network: run it as root, with /dev/net/tun.");
  return note;
};
const machine = (n: number) => network().people.filter((person) => !person.connectedAs)[n]!;
const site = (tenantNumber: number) => network().sites.find((one) => one.tenantNumber === tenantNumber)!;

test.afterAll(async () => {
  for (const client of clients) if (client.process.exitCode === null) await client.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("an account manager creates tenants on a plan and invites their first admins", async ({ browser }) => {
  manager = await openBrowser(browser);
  await signIn(manager, getStaff("account manager"));
  await createTenant(acme.name, ines.email);
  await createTenant(rival.name, rhea.email);
});

test("the admin accepts the invitation out of the outbox and sets a password, once", async ({ browser }) => {
  const link = await invitationOf(ines.email);
  admin = await openBrowser(browser);
  await acceptInvitation(admin, link, ines);
  await expect(admin).toHaveURL(new RegExp(`/${acme.slug}$`));

  const again = await openBrowser(browser);
  await again.goto(link);
  await expect(again.getByText("This invitation does not open")).toBeVisible();
  await again.context().close();
});

test("the admin adds devices, a group, accounts and a policy; what is wrong is refused in words", async ({
  browser,
}) => {
  for (const device of [pump, valve, safe]) await addDevice(admin, acme.slug, device);
  await admin.getByRole("button", { name: "New device" }).first().click();
  const form = admin.getByRole("dialog");
  await form.getByLabel("Name").fill("Elsewhere");
  await form.getByLabel("Address").fill("192.168.9.9");
  await form.getByRole("button", { name: "Add device" }).click();
  await expect(form.getByText(/is in none of your networks \(10\.0\.0\.0\/24\)/)).toBeVisible();

  await admin.goto(`/${acme.slug}/groups`);
  await admin.getByRole("button", { name: "New group" }).first().click();
  const group = admin.getByRole("dialog");
  await group.getByLabel("Name").fill("Field");
  for (const device of [pump, valve]) await group.getByRole("checkbox", { name: device.name }).check();
  await group.getByRole("button", { name: "Add group" }).click();
  await expect(admin.getByRole("row", { name: /Field/ })).toBeVisible();

  danasTemporaryPassword = await addAccount(dana);
  omarsTemporaryPassword = await addAccount(omar);

  await admin.goto(`/${acme.slug}/policies/new`);
  await admin.getByLabel("Name").fill("Field service");
  await admin.getByRole("checkbox", { name: dana.name }).check();
  await choose(admin, "Device groups", "Field", { isMultiple: true });
  if ((await admin.getByLabel("Ports of rule 1").count()) === 0)
    await admin.getByRole("button", { name: "Add a rule" }).click();
  await admin.getByLabel("Ports of rule 1").fill("22, 80");
  await admin.getByRole("button", { name: "Add policy" }).click();
  await admin.goto(`/${acme.slug}/policies`);
  await expect(admin.getByRole("row", { name: /Field service/ })).toContainText("tcp 22, 80");

  const rivalAdmin = await openBrowser(browser);
  await acceptInvitation(rivalAdmin, await invitationOf(rhea.email), rhea);
  await addDevice(rivalAdmin, rival.slug, camera);
  await rivalAdmin.goto(`/${acme.slug}`);
  await expect(rivalAdmin.getByText("There is nothing here")).toBeVisible();
  await rivalAdmin.context().close();
});

test("the colleague changes the temporary password before anything else, and the key never leaves the browser", async ({
  browser,
}) => {
  const portal = await openBrowser(browser);
  const sent: string[] = [];
  portal.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  await signIn(portal, { email: dana.email, password: danasTemporaryPassword });
  await expect(portal).toHaveURL(/change-password/);
  await portal.goto("/portal");
  await expect(portal).toHaveURL(/change-password/);
  await changePassword(portal, danasTemporaryPassword, dana.password);
  danasProfile = await downloadProfile(portal);
  await portal.context().close();

  const key = /-----BEGIN PRIVATE KEY-----\n([\s\S]+?)-----END/.exec(danasProfile)![1]!.replaceAll("\n", "");
  expect(sent.some((request) => request.includes("CERTIFICATE REQUEST"))).toBe(true);
  for (const request of sent) {
    expect(request).not.toContain("PRIVATE KEY");
    expect(request).not.toContain(key.slice(-48));
  }
  omarsProfile = await firstVisit(browser, omar, omarsTemporaryPassword);
});

test("a stock openvpn client reaches what the policy allows, and nothing else", async () => {
  const danas = machine(0).namespace;
  const omars = machine(1).namespace;
  danasClient = connect(danas, danasProfile, dana);
  const omarsClient = connect(omars, omarsProfile, omar);
  await danasClient.connected();
  await omarsClient.connected();

  const stable = await admin.goto(`/${acme.slug}/accounts`).then(() => vpnAddress(danas));
  await expect(admin.getByRole("row", { name: /Dana Fox/ })).toContainText(stable);

  const ours = network().sites[0]!.tenantNumber;
  expect(await lab.httpGet(danas, pump.address)).toMatch(`tenant ${ours} device ${pump.address}`);
  expect(await lab.httpGet(danas, valve.address)).toMatch(`tenant ${ours} device ${valve.address}`);

  const reach = (address: string, port: number) => lab.canConnect(danas, address, port);
  expect(await lab.canConnect(site(ours).namespace, pump.address, 8080), "it is open there").toBe("open");
  expect(await reach(pump.address, 8080), "another port of it").toBe("silent");
  expect(await lab.canPing(danas, pump.address), "another protocol").toBe(false);
  expect(await reach(safe.address, 80), "a device outside the group").toBe("silent");
  expect(await lab.canConnect(omars, pump.address, 80), "without a policy").toBe("silent");
  const theirs = network().sites[1]!.tenantNumber;
  expect(await lab.canConnect(site(theirs).namespace, camera.address, 80), "it is open there").toBe("open");
  expect(await reach(camera.address, 80), "another tenant's device").toBe("silent");
  await listen(omars, 7070);
  expect(await reach(await vpnAddress(omars), 7070), "another VPN client").toBe("silent");

  for (const gateway of network().gateways) {
    await listen(gateway.namespace, 7071);
    expect(await lab.canConnect(gateway.namespace, "100.64.0.1", 7071), "it is open there").toBe("open");
    expect(await reach("100.64.0.1", 7071), "the gateway's own ports").toBe("silent");
    expect(await reach(gateway.wanAddress, gateway.apiPort), "its API, at its public address").not.toBe("open");
    for (const way of [
      ["via", gateway.wanAddress],
      ["dev", "tun0"],
    ]) {
      await lab.exec(danas, ["ip", "route", "replace", `${gateway.managementAddress}/32`, ...way]);
      expect(await reach(gateway.managementAddress, gateway.apiPort), `its API, ${way.join(" ")}`).not.toBe("open");
    }
    await lab.exec(danas, ["ip", "route", "del", `${gateway.managementAddress}/32`]);
  }
});

test("support sees a session as it begins, moving, without reloading", async ({ browser }) => {
  const support = await openBrowser(browser);
  await signIn(support, getStaff("support"));
  await support.goto("/staff/sessions");
  const row = support.getByRole("row", { name: /Dana Fox/ });
  const { namespace, address } = machine(0);
  for (const shown of [acme.name, address, await vpnAddress(namespace), "2.6", "linux", "AES-256-GCM"])
    await expect(row).toContainText(shown);
  await expect(row).toContainText(/Frankfurt|Dublin/);
  await expect(row).toContainText(/(fra|dub)-1/);

  const before = await row.textContent();
  for (let n = 0; n < 20; n++) await lab.httpGet(namespace, pump.address);
  await expect.poll(() => row.textContent(), { timeout: 30_000 }).not.toBe(before);

  const omars = support.getByRole("row", { name: /Omar Haddad/ });
  await clients[1]!.stop();
  await expect(omars).toHaveCount(0);
  const again = connect(machine(1).namespace, omarsProfile, omar);
  await again.connected();
  const up = performance.now();
  await expect(omars).toBeVisible();
  const seenMs = Math.round(performance.now() - up);
  console.log(`a session was on the screen ${seenMs} ms after openvpn said that it was up`);
  // Printed, since a busy machine takes longer; well under the 15 s after which the list reads again by itself.
  expect(seenMs).toBeLessThan(10_000);
  await support.context().close();
});

test("the admin revokes the account, sees it become true, and the client is out and told why", async ({ browser }) => {
  const { namespace } = machine(0);
  expect(await lab.canConnect(namespace, pump.address, 80)).toBe("open");
  await admin.goto(`/${acme.slug}/accounts`);
  await admin
    .getByRole("row", { name: /Dana Fox/ })
    .getByRole("link")
    .first()
    .click();
  await admin.getByRole("button", { name: /^Revoke/ }).click();
  const dialog = admin.getByRole("alertdialog");
  await dialog.getByLabel("Reason").fill("Contract ended");
  await dialog.getByRole("button", { name: "Revoke access" }).click();
  await expect(dialog.getByRole("region", { name: "Access revoked" })).toBeVisible();
  await expect(dialog.getByRole("status")).toHaveText(/2 of 2 gateways.*\d+ ms/);
  console.log(`revoked: ${await dialog.getByRole("status").textContent()}`);
  expect(await lab.canConnect(namespace, pump.address, 80)).not.toBe("open");
  await danasClient.exited();

  const again = connect(namespace, danasProfile, dana);
  await again.exited();
  expect(again.log()).toMatch(/AUTH_FAILED.*Contract ended/);

  const portal = await openBrowser(browser);
  await signIn(portal, dana);
  await expect(portal.getByText(/Contract ended/).first()).toBeVisible();
  await portal.context().close();
});

test("every step is in the tenant's audit log", async () => {
  await admin.goto(`/${acme.slug}/audit`);
  await expect(admin.getByRole("row", { name: /Dana Fox/ }).first()).toBeVisible();
  await expect(admin.getByText(/revoke/i).first()).toBeVisible();
});

async function createTenant(name: string, adminEmail: string): Promise<void> {
  await manager.goto("/staff/tenants");
  await manager.getByRole("button", { name: "New tenant" }).first().click();
  const form = manager.getByRole("dialog");
  await form.getByLabel("Name", { exact: true }).fill(name);
  await choose(form, "Plan", "Business");
  const network = form.getByLabel("Network 1", { exact: true });
  await form.getByLabel("Name of network 1").fill("Plant");
  await network.fill("10.0.0.0/24");
  await form.getByLabel("First admin's email").fill(adminEmail);
  await form.getByRole("button", { name: "Create tenant and invite" }).click();
  await expect(manager.getByText(`${adminEmail} is invited as its first admin`)).toBeVisible();
}

/** The link of the newest invitation, as staff find it in the outbox. */
async function invitationOf(email: string): Promise<string> {
  await manager.goto("/staff/outbox");
  await manager
    .getByRole("row", { name: new RegExp(email) })
    .first()
    .getByRole("link")
    .first()
    .click();
  const link = manager.getByRole("link", { name: /\/invitation\// });
  return (await link.getAttribute("href"))!;
}

async function acceptInvitation(page: Page, link: string, person: Person & { name: string }): Promise<void> {
  await page.goto(link);
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Choose a password").fill(person.password);
  await page.getByRole("button", { name: "Accept invitation" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/invitation"));
}

async function addDevice(page: Page, slug: string, device: { name: string; address: string }): Promise<void> {
  await page.goto(`/${slug}/devices`);
  await page.getByRole("button", { name: "New device" }).first().click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill(device.name);
  await form.getByLabel("Address").fill(device.address);
  await form.getByRole("button", { name: "Add device" }).click();
  await expect(page.getByRole("row", { name: new RegExp(device.name) })).toBeVisible();
}

/** @returns the temporary password, which is shown once */
async function addAccount({ name, email }: { name: string; email: string }): Promise<string> {
  await admin.goto(`/${acme.slug}/accounts`);
  await admin.getByRole("button", { name: "New account" }).first().click();
  const sheet = admin.getByRole("dialog");
  await sheet.getByLabel("Name").fill(name);
  await sheet.getByLabel("Email").fill(email);
  await sheet.getByRole("button", { name: "Create account" }).click();
  await expect(sheet.getByRole("region", { name: "Every gateway knows the account" })).toBeVisible();
  const letter = await sheet.getByText(/Temporary password: \S+/).textContent();
  return /Temporary password: (\S+)/.exec(letter ?? "")![1]!;
}

async function firstVisit(browser: Browser, person: Person, temporaryPassword: string): Promise<string> {
  const portal = await openBrowser(browser);
  await signIn(portal, { email: person.email, password: temporaryPassword });
  await changePassword(portal, temporaryPassword, person.password);
  const profile = await downloadProfile(portal);
  await portal.context().close();
  return profile;
}

function connect(namespace: string, profile: string, { password }: Person): VpnClient {
  const client = startVpnClient(lab, namespace, folder, { profile, password });
  clients.push(client);
  return client;
}

async function vpnAddress(namespace: string): Promise<string> {
  const shown = await lab.exec(namespace, ["ip", "-4", "-o", "addr", "show", "dev", "tun0"]);
  return /inet (100\.[\d.]+)\//.exec(shown)![1]!;
}

async function listen(namespace: string, port: number): Promise<void> {
  lab.spawn(namespace, [
    process.execPath,
    "-e",
    `require("net").createServer((s) => s.end()).listen(${port}, "0.0.0.0")`,
  ]);
  await until(async () => (await lab.canConnect(namespace, "127.0.0.1", port)) === "open");
}

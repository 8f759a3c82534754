/**
 * The app's doors: what it does with requests that no screen of ours would send, asked over HTTP of every route that there
 * is; and how people come in by a link, and from one door to another.
 */
import { readdirSync } from "node:fs";
import { request as send } from "node:http";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { maxBatchSize } from "../server/trpc/batch";
import { getInstallation } from "./support/installation";
import { getStaff, openBrowser, signIn } from "./support/people";

const { url, signIns, password } = getInstallation();
const app = join(import.meta.dirname, "../app");

/** Every page and every API, by the files that make them. */
const routes = readdirSync(app, { recursive: true, encoding: "utf8" })
  .filter((path) => /(^|\/)(page\.tsx|route\.ts)$/.test(path))
  .map((path) => {
    const parts = path.split("/").slice(0, -1);
    const shown = parts.filter((part) => !/^\(.*\)$/.test(part)).map((part) => part.replace(/^\[.*\]$/, "none"));
    return `/${shown.join("/")}`;
  });
const alsoServed = [
  "/api/auth/callback/credentials",
  "/api/auth/session",
  "/_next/image",
  "/icon.svg",
  "/nothing/here",
];

test("no route reads a body over the limit, whether its length is given or not", async () => {
  expect(routes.length).toBeGreaterThan(30);
  for (const route of [...routes, ...alsoServed]) {
    for (const method of ["POST", "PUT"]) {
      const declared = await fetch(url + route, { method, body: Buffer.alloc(2 * 1024 * 1024) });
      expect(`${method} ${route} ${declared.status}`).toBe(`${method} ${route} 413`);
    }
    const { outcome, sent } = await sendEndless(url + route);
    // The app answers before it has read all, or cuts off what goes on; the kernel's buffers take some megabytes more.
    expect(outcome, route).not.toBe("sent it all");
    expect(sent, route).toBeLessThan(64 * 1024 * 1024);
  }
});

/** A body in chunks, until it is answered or cut off, or 150 MB have gone. */
function sendEndless(target: string): Promise<{ outcome: string; sent: number }> {
  return new Promise((resolve) => {
    const chunk = Buffer.alloc(256 * 1024);
    let sent = 0;
    const sending = send(target, { method: "POST", headers: { "transfer-encoding": "chunked" } });
    const end = (outcome: string) => {
      sending.destroy();
      resolve({ outcome, sent });
    };
    sending.on("response", ({ statusCode }) => end(`answered ${statusCode}`));
    sending.on("error", (error) => end(error.message));
    const next = () => {
      sent += chunk.length;
      if (sent > 150 * 1024 * 1024) end("sent it all");
      else sending.write(chunk, (error) => !error && next());
    };
    next();
  });
}

test("nobody writes into the log through next-auth", async () => {
  const answer = await fetch(`${url}/api/auth/_log`, { method: "POST", body: new URLSearchParams({ level: "error" }) });
  expect(answer.status).toBe(404);
});

test("a request holds at most twenty calls", async () => {
  const ask = async (calls: number) => {
    const paths = Array.from({ length: calls }, () => "viewer.me").join(",");
    return (await fetch(`${url}/api/trpc/${paths}?batch=1&input=%7B%7D`)).status;
  };
  expect(await ask(maxBatchSize)).toBe(200);
  expect(await ask(maxBatchSize + 1)).toBe(400);
});

test("health is answered where one looks for it", async () => {
  for (const path of ["/api/health", "/api/healthz", "/api/readyz"]) expect((await fetch(url + path)).status).toBe(200);
});

test("no inline script runs but ours, each answer's nonce is another, and the theme is set all the same", async ({
  browser,
}) => {
  const nonceOf = async () => {
    const policy = (await fetch(`${url}/sign-in`)).headers.get("content-security-policy")!;
    expect(policy).toMatch(/script-src 'self' 'nonce-[^']+'(;|$)/);
    return policy.match(/'nonce-([^']+)'/)![1];
  };
  expect(await nonceOf()).not.toBe(await nonceOf());
  const page = await browser.newPage({ colorScheme: "dark" });
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  for (const path of ["/sign-in", "/nothing/here/at/all"]) {
    await page.goto(url + path);
    await expect(page.locator("html")).toHaveClass(/dark/);
  }
  expect(said.filter((text) => !/status of 404/.test(text))).toEqual([]);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "document.title = 'taken over'";
    document.body.append(script);
  });
  expect(await page.title()).not.toBe("taken over");
  expect(said.join()).toContain("Content Security Policy");
  await page.close();
});

/** A procedure, called as whoever is signed in on the page. */
const call = <T>(page: Page, path: string, input: unknown): Promise<T> =>
  page.evaluate(
    async ([target, body]) => {
      const answer = await fetch(target!, { method: "POST", headers: { "content-type": "application/json" }, body });
      const { result, error } = await answer.json();
      if (error) throw new Error(error.json.message);
      return result.data.json;
    },
    [`/api/trpc/${path}`, JSON.stringify({ json: input })],
  );

const ask = <T>(page: Page, path: string, input?: unknown): Promise<T> =>
  page.evaluate(
    async ([target]) => (await (await fetch(target!)).json()).result.data.json,
    [`/api/trpc/${path}?input=${encodeURIComponent(JSON.stringify({ json: input }))}`],
  );

test("a new person sets a password by a link, a forgotten one by another, and with several doors is asked and switches", async ({
  browser,
}) => {
  const [admin, staff, person] = await Promise.all([openBrowser(browser), openBrowser(browser), openBrowser(browser)]);
  await signIn(admin, {
    email: signIns.find(({ kind }) => kind === "member")!.email,
    password,
  });
  await signIn(staff, getStaff("administrator"));
  const { tenants } = await ask<{ tenants: { id: string; name: string }[] }>(admin, "viewer.me");
  const [{ id: tenantId, name: tenantName }] = tenants as [{ id: string; name: string }];
  const email = `doors-${Date.now()}@example.test`;
  /** Out of the newest mail, as they read it. */
  const link = async (form: RegExp) => {
    const search = { search: email, sort: "createdAt", order: "desc" };
    const { rows } = await ask<{ rows: { id: string }[] }>(staff, "outbox.list", search);
    const { text } = await call<{ text: string }>(staff, "outbox.open", { id: rows[0]!.id });
    return form.exec(text)![0];
  };
  const setPassword = async (next: string) => {
    await person.getByLabel("New password", { exact: true }).fill(next);
    await person.getByRole("button", { name: "Set password" }).click();
    await person.waitForURL("**/portal");
  };

  /** Off the page first: one that finds its sign-in gone goes to another by itself. */
  const leave = async () => {
    await person.goto("about:blank");
    await person.context().clearCookies();
  };

  await call(admin, "accounts.create", { tenantId, name: "Dora Doors", email });
  const first = await link(/\/set-password\/\S+/);
  await person.goto(first);
  await setPassword("correct horse battery");
  await leave();
  await person.goto(first);
  await expect(person.getByText("This link was used already")).toBeVisible();

  await person.goto("/sign-in");
  await person.getByRole("link", { name: "Forgotten password?" }).click();
  await expect(person.getByRole("heading", { name: "Forgotten password" })).toBeVisible();
  await person.getByLabel("Email").fill(email);
  await person.getByRole("button", { name: "Send the link" }).click();
  await expect(person.getByRole("status")).toContainText("a mail is on its way");
  await expect
    .poll(async () => (await ask<{ total: number }>(staff, "outbox.list", { search: email })).total)
    .toBeGreaterThan(1);
  await person.goto(await link(/\/set-password\/\S+/));
  await setPassword("another horse battery");
  await leave();

  await call(admin, "members.invite", { tenantId, email, role: "viewer" });
  await person.goto(await link(/\/invitation\/\S+/));
  await person.getByLabel("Your name").fill("Dora Doors");
  await person.getByLabel("Choose a password").fill("another horse battery");
  await person.getByRole("button", { name: "Accept invitation" }).click();
  await person.waitForURL((at) => at.pathname !== "/" && !at.pathname.startsWith("/invitation"));
  await leave();
  await signIn(person, { email, password: "another horse battery" });
  await expect(person.getByRole("heading", { name: "Where to?" })).toBeVisible();
  await person.getByRole("button", { name: `My VPN at ${tenantName}` }).click();
  await person.waitForURL("**/portal");
  await person.getByRole("button", { name: "Account menu of Dora Doors" }).first().click();
  await person.getByRole("menuitem", { name: "Switch" }).click();
  await person.getByRole("button", { name: `Console of ${tenantName}` }).click();
  await person.waitForURL((at) => !/^\/($|portal|where-to)/.test(at.pathname));
  await expect(person.getByRole("heading", { level: 1 })).toBeVisible();

  // Revoked while signed in there: the page says why, and the other door stays open.
  const { rows } = await ask<{ rows: { id: string }[] }>(admin, "accounts.list", { tenantId, search: email });
  await call(admin, "accounts.revoke", { tenantId, accountId: rows[0]!.id, reason: "left the harbour" });
  await person.goto("/where-to");
  await person.getByRole("button", { name: `My VPN at ${tenantName}` }).click();
  await person.waitForURL("**/portal");
  await expect(person.getByText("left the harbour").first()).toBeVisible();
  await Promise.all([admin, staff, person].map((page) => page.context().close()));
});

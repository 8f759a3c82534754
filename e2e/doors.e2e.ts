/**
 * The app's doors: what it does with requests that no screen of ours would send, asked over HTTP of every route that there
 * is.
 */
import { readdirSync } from "node:fs";
import { request as send } from "node:http";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { maxBatchSize } from "../server/trpc/batch";
import { getInstallation } from "./support/installation";

const { url } = getInstallation();
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

import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paths, reservedSlugs, safeReturnPath } from "./paths";

test("addresses stay what they are", () => {
  expect(flatten(paths)).toMatchInlineSnapshot(`
    {
      "paths.api.auth": "/api/auth",
      "paths.api.trpc": "/api/trpc",
      "paths.changePassword": "/change-password",
      "paths.doors(returnTo)": "/where-to?returnTo=<slug>",
      "paths.forgottenPassword": "/forgotten-password",
      "paths.home": "/",
      "paths.invitation(token)": "/invitation/<slug>",
      "paths.portal.home": "/portal",
      "paths.portal.reach": "/portal/reach",
      "paths.portal.sessions": "/portal/sessions",
      "paths.setPassword(token)": "/set-password/<slug>",
      "paths.signIn": "/sign-in",
      "paths.signInTo(returnTo)": "/sign-in?returnTo=<slug>",
      "paths.staff.gateway(id)": "/staff/gateways/<slug>",
      "paths.staff.gateways": "/staff/gateways",
      "paths.staff.home": "/staff",
      "paths.staff.mail(id)": "/staff/outbox/<slug>",
      "paths.staff.outbox": "/staff/outbox",
      "paths.staff.people": "/staff/people",
      "paths.staff.plans": "/staff/plans",
      "paths.staff.sessions": "/staff/sessions",
      "paths.staff.sessionsOfGateway(id)": "/staff/sessions?gateway=<slug>",
      "paths.staff.sessionsOfTenant(id)": "/staff/sessions?tenant=<slug>",
      "paths.staff.tenant(id)": "/staff/tenants/<slug>",
      "paths.staff.tenants": "/staff/tenants",
      "paths.tenant(slug).account(id)": "/<slug>/accounts/<slug>",
      "paths.tenant(slug).accounts": "/<slug>/accounts",
      "paths.tenant(slug).audit": "/<slug>/audit",
      "paths.tenant(slug).device(id)": "/<slug>/devices?panel=<slug>",
      "paths.tenant(slug).devices": "/<slug>/devices",
      "paths.tenant(slug).devicesOfGroup(groupId)": "/<slug>/devices?group=<slug>",
      "paths.tenant(slug).grants": "/<slug>/grants",
      "paths.tenant(slug).group(id)": "/<slug>/groups?panel=<slug>",
      "paths.tenant(slug).groups": "/<slug>/groups",
      "paths.tenant(slug).invite": "/<slug>/members?panel=invite",
      "paths.tenant(slug).members": "/<slug>/members",
      "paths.tenant(slug).newAccount": "/<slug>/accounts?panel=new",
      "paths.tenant(slug).newDevice": "/<slug>/devices?panel=new",
      "paths.tenant(slug).newGrant": "/<slug>/grants?panel=new",
      "paths.tenant(slug).newGroup": "/<slug>/groups?panel=new",
      "paths.tenant(slug).newPolicy": "/<slug>/policies/new",
      "paths.tenant(slug).overview": "/<slug>",
      "paths.tenant(slug).policies": "/<slug>/policies",
      "paths.tenant(slug).policy(id)": "/<slug>/policies/<slug>",
      "paths.tenant(slug).refusedPackets(search)": "/<slug>/sessions?view=packets&packets-q=<slug>",
      "paths.tenant(slug).session(id)": "/<slug>/sessions?view=past&past-q=undefined&panel=<slug>",
      "paths.tenant(slug).sessions": "/<slug>/sessions",
    }
  `);
});

test("an id cannot climb out of its place in an address", () => {
  expect(paths.tenant("acme").account("../../staff?x#y")).toBe("/acme/accounts/..%2F..%2Fstaff%3Fx%23y");
});

test("every static first part of an address is one that no tenant may take", () => {
  const firstParts = Object.values(flatten(paths))
    .map((path) => path.split(/[/?]/)[1]!)
    .filter((segment) => segment !== "" && segment !== "<slug>");
  expect(firstParts.filter((segment) => !reservedSlugs.includes(segment))).toEqual([]);
});

test("every folder of a page that lies at the root is one that no tenant may take", () => {
  const root = new URL("..", import.meta.url);
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .flatMap((entry) =>
      entry.name.startsWith("(")
        ? readdirSync(new URL(`${encodeURIComponent(entry.name)}/`, root), { withFileTypes: true }).filter((inner) =>
            inner.isDirectory(),
          )
        : [entry],
    )
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith("[") && !name.startsWith("_"));
  expect(folders.filter((name) => !reservedSlugs.includes(name))).toEqual([]);
});

describe("the way back after signing in", () => {
  test("leads to one's own pages", () => {
    expect(safeReturnPath("/acme/accounts?q=a#b")).toBe("/acme/accounts?q=a#b");
  });

  test.each([
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "",
    "/.//evil.example",
  ])("never leads elsewhere: %j", (value) => {
    expect(safeReturnPath(value)).toBe("/");
  });

  test("does not lead round in a circle", () => {
    expect(safeReturnPath("/sign-in?returnTo=/acme")).toBe("/");
  });

  test("always resolves to our own origin", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `/${text}`),
        ),
        (value) => {
          const origin = "https://drawbridge.example";
          return new URL(safeReturnPath(value), origin).origin === origin;
        },
      ),
    );
  });
});

function flatten(value: unknown, name = "paths"): Record<string, string> {
  if (typeof value === "string") return { [name]: value };
  if (typeof value === "function") {
    const parameter = /\(?\s*(\w+)/.exec(String(value))?.[1] ?? "value";
    return flatten(reveal((value as (text: string) => unknown)(marker)), `${name}(${parameter})`);
  }
  return Object.assign({}, ...Object.entries(value as object).map(([key, inner]) => flatten(inner, `${name}.${key}`)));
}

const marker = "MARKER";

/** encodeURIComponent would spoil the brackets, so they are put in afterwards. */
function reveal(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll(marker, "<slug>");
  if (typeof value === "function") return value;
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, reveal(inner)]));
}

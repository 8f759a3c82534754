import { expect, test } from "vitest";
import { findCurrent } from "./nav";

const items = [
  { label: "Overview", href: "/acme", exact: true },
  { label: "Accounts", href: "/acme/accounts" },
  { label: "Account groups", href: "/acme/accounts/groups" },
];

test.each([
  ["/acme", "Overview"],
  ["/acme/accounts", "Accounts"],
  ["/acme/accounts/a1", "Accounts"],
  ["/acme/accounts/groups/g1", "Account groups"],
  ["/acme/accounts-archive", undefined],
  ["/acmeister", undefined],
])("%s lies in %s", (pathname, label) => {
  expect(findCurrent(items, pathname)?.label).toBe(label);
});

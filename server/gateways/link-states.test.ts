import { expect, test } from "vitest";
import { type LinkEnd, type LinkRow, linkRows } from "./link-states";

const since = "2026-11-25T12:00:00.000Z";
const state = (peer: string, isUp: boolean) => ({ peer, isUp, since, received: isUp ? 20 : 0, sent: isUp ? 10 : 0 });
const end = (id: string, number: number, links: unknown, isSeen = true): LinkEnd => ({
  ...{ id, name: `gw-${id}`, region: "Here", number, publicHost: `${id}.example.net`, isSeen, links },
});
const only = (...ends: LinkEnd[]): LinkRow => {
  const rows = linkRows(ends, "a", 1300);
  expect(rows).toHaveLength(1);
  return rows[0]!;
};

test("a link that is up says since when and what crossed, with nothing to look at", () => {
  expect(only(end("a", 1, [state("b", true)]), end("b", 2, []))).toEqual({
    ...{ peerId: "b", peer: "gw-b", region: "Here", isPeerSeen: true },
    ...{ status: "up", since: new Date(since), received: 20, sent: 10, advice: null },
  });
});

test("a link that is down names the port that must be open, of the end that listens", () => {
  const row = only(end("a", 1, [state("b", false)]), end("b", 2, []));
  expect(row).toMatchObject({ status: "down", since: new Date(since) });
  expect(row.advice).toMatch(/UDP port 1302 of a\.example\.net \(gw-a\) must be open to gw-b/);
});

test("a link to a gateway that does not answer sends the reader there first", () => {
  const row = only(end("a", 1, [state("b", false)]), end("b", 2, [], false));
  expect(row).toMatchObject({ status: "down", isPeerSeen: false });
  expect(row.advice).toMatch(/^gw-b does not answer us either/);
});

test.each([
  ["the gateway does not answer", end("a", 1, [state("b", true)], false), "gw-a does not answer"],
  ["its agent is from before links were told of", end("a", 1, null), "too old"],
  ["its configuration is not there yet", end("a", 1, []), "on its way"],
  ["it is captured and makes things up", end("a", 1, [{ ...state("b", true), received: "<b>" }]), "too old"],
])("nothing is claimed where %s", (_, own, advice) => {
  const row = only(own, end("b", 2, []));
  expect(row).toMatchObject({ status: "unknown", since: null, received: 0 });
  expect(row.advice).toContain(advice);
});

test("a gateway alone has no links, and one that is not enrolled has none", () => {
  expect(linkRows([end("a", 1, [])], "a", 1300)).toEqual([]);
  expect(linkRows([end("b", 1, [])], "a", 1300)).toEqual([]);
});

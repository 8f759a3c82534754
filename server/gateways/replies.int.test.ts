/** A captured gateway answers what it likes: it costs the workers no more memory and time than one of ours. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEnrolledGateway, createRegion } from "@/e2e/support/scene";
import { useOwnDatabase } from "@/e2e/support/test-database";
import type { TestGateway } from "@/e2e/support/test-gateway";
import { closeDatabase, database } from "../core/db";
import { createLog } from "../core/log";
import { closeQueues } from "../core/queue";
import { closeGatewayConnections, getEvents, getState, putTenant } from "./client";
import { mostEventsBytes, mostReplyBytes } from "./replies";
import { sweepGateway } from "./sweep";

let dropDatabase: () => Promise<void>;
let gateway: TestGateway;

beforeAll(async () => {
  dropDatabase = await useOwnDatabase();
  gateway = await createEnrolledGateway("captured", await createRegion("Captured"));
});
afterAll(async () => {
  closeGatewayConnections();
  await gateway.stop();
  await closeQueues();
  await closeDatabase();
  await dropDatabase();
});

const row = () => database().gateway.findUniqueOrThrow({ where: { id: gateway.gatewayId } });
const answer = (body: unknown) => {
  gateway.intercept = () => ({ status: 200, body });
};
const answerState = (body: unknown) => {
  gateway.intercept = ({ path }) => (path === "/v1/state" ? { status: 200, body } : undefined);
};
const asked = { epoch: "e", after: 0, committed: 0, limit: 10, waitMs: 0 };

test.each([
  ["a state", mostReplyBytes, async () => getState(await row())],
  ["events", mostEventsBytes, async () => getEvents(await row(), asked)],
  ["the answer to a push", mostReplyBytes, async () => putTenant(await row(), "t", { from: null, to: 1, entries: [] })],
])("%s that is too long is not read to its end", async (_, most, call) => {
  answer(`"${"x".repeat(most)}"`);
  await expect(call()).rejects.toMatchObject({ kind: "broken", message: expect.stringContaining(`more than ${most}`) });
});

test("more events than were asked for are not taken", async () => {
  answer({ epoch: "e", isNewEpoch: false, events: Array.from({ length: 11 }, () => null) });
  await expect(getEvents(await row(), asked)).rejects.toMatchObject({ kind: "broken" });
});

test.each([
  ["no state at all", null],
  ["a number that is none", { sessions: "many" }],
  ["more processes than a host has", { processes: Array.from({ length: 65 }, () => ({})) }],
  ["tenants that are none", { revisions: { "<b>": 1 } }],
])("a state with %s is refused by name of the field, and is said on the gateway's page", async (_, change) => {
  answerState(change && { ...gateway.state(), ...change });
  await sweepGateway(await row(), createLog("test"));
  expect((await row()).error).toContain("makes no sense");
});

test("what a state says beyond what there is to say is left out, and its texts are cut", async () => {
  const warnings = Array.from({ length: 200 }, () => ({ code: "x", message: "\0".repeat(5_000) }));
  answerState({ ...gateway.state(), warnings, more: "x".repeat(100_000) });
  await sweepGateway(await row(), createLog("test"));
  const { state, error } = await row();
  expect(error).toBeNull();
  expect(state).not.toHaveProperty("more");
  expect((state as { warnings: unknown[] }).warnings).toHaveLength(50);
  expect(JSON.stringify(state).length).toBeLessThan(200_000);
});

import type { Agent } from "../agent";
import { heardWithinMs } from "../openvpn/config";
import {
  type DigestReply,
  type EventsReply,
  eventsReplyBytes,
  type PushConflict,
  type PushReply,
  type RenewalReply,
  type SessionReply,
} from "../protocol/api";
import { ApiError, rethrow } from "./errors";
import {
  checkRange,
  configSchema,
  disconnectSchema,
  eventsQuerySchema,
  locationsSchema,
  parse,
  pushSchema,
  renewalGrantSchema,
} from "./schemas";
import type { ApiRequest, Route } from "./server";

/** Thin: parse, call, answer. See protocol/api.ts for what each promises. */
export function createRoutes(agent: Agent): Route[] {
  return [
    { method: "GET", path: "/v1/state", handle: async () => ({ status: 200, body: agent.state() }) },
    {
      method: "PUT",
      path: "/v1/config",
      handle: async ({ body }) => {
        const config = parse(configSchema, body);
        if (config.version < agent.configVersion())
          throw new ApiError(409, "stale_config", `version ${agent.configVersion()} is here already`);
        await agent.configure(config);
        return { status: 200, body: agent.state() };
      },
    },
    {
      method: "POST",
      path: "/v1/certificate/request",
      handle: async () => ({ status: 200, body: { csr: await agent.requestRenewal() } satisfies RenewalReply }),
    },
    {
      method: "PUT",
      path: "/v1/certificate",
      handle: async ({ body }) => {
        const { certificate } = parse(renewalGrantSchema, body);
        await agent.renew(certificate).catch(rethrow);
        return { status: 204 };
      },
    },
    {
      method: "PUT",
      path: "/v1/locations",
      handle: async ({ body }) => {
        await agent.setLocations(parse(locationsSchema, body));
        return { status: 204 };
      },
    },
    {
      method: "PUT",
      path: "/v1/tenants/:tenantId",
      handle: async ({ params, body, receivedAt }) => {
        const tenantId = tenantIdOf(params);
        const push = parse(pushSchema, body);
        checkRange(push, agent.range());
        const stranger = push.entries.findIndex(({ kind, id }) => kind === "tenant" && id !== tenantId);
        if (stranger >= 0)
          throw new ApiError(400, "invalid", `entries[${stranger}].id: must be the tenant of the path`);
        const result = await agent.enforcer.push(tenantId, push);
        if (result.outcome === "conflict")
          return { status: 409, body: { revision: result.revision } satisfies PushConflict };
        const tookMs = Math.round((performance.now() - receivedAt) * 100) / 100;
        return { status: 200, body: { revision: result.revision, tookMs, ended: result.ended } satisfies PushReply };
      },
    },
    {
      method: "GET",
      path: "/v1/tenants/:tenantId/digest",
      handle: async ({ params }) => {
        const tenantId = tenantIdOf(params);
        const { documents } = agent;
        const body: DigestReply = { revision: documents.revision(tenantId), digest: documents.digest(tenantId) };
        return { status: 200, body };
      },
    },
    {
      method: "GET",
      path: "/v1/events",
      handle: async (request) => ({ status: 200, json: await pollEvents(agent, request) }),
    },
    {
      method: "GET",
      path: "/v1/sessions/:sessionId",
      handle: async ({ params }) => {
        const silentMs = agent.sessions().silentMs(params.sessionId!);
        if (silentMs === undefined) throw noSession();
        return { status: 200, body: { silentMs, isHeard: silentMs < heardWithinMs } satisfies SessionReply };
      },
    },
    {
      method: "POST",
      path: "/v1/sessions/:sessionId/disconnect",
      handle: async ({ params, body }) => {
        const { reason, code = "kicked" } = parse(disconnectSchema, body);
        const sessions = agent.sessions();
        if (!sessions.get(params.sessionId!)) throw noSession();
        await sessions.end(params.sessionId!, code, reason);
        return { status: 204 };
      },
    },
  ];
}

const noSession = () => new ApiError(404, "no_session", "there is no such session here");

function tenantIdOf({ tenantId }: Record<string, string>): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(tenantId!))
    throw new ApiError(400, "invalid", "the tenant's id in the path must be a UUID in lower case");
  return tenantId!;
}

/**
 * Waits for the first event after the asked-for number, for as long as the caller stays and asked to wait.
 * @returns EventsReply as JSON, its events as the spool holds them
 */
async function pollEvents({ spool }: Agent, { query, signal }: ApiRequest): Promise<string | Buffer> {
  const { epoch, after, committed, limit, waitMs } = parse(eventsQuerySchema, Object.fromEntries(query));
  if (epoch === spool.epoch) spool.heed(after);
  if (epoch !== spool.epoch) {
    const { isRestored } = spool;
    return JSON.stringify({ epoch: spool.epoch, events: [], isNewEpoch: true, isRestored } satisfies EventsReply);
  }
  spool.acknowledge(Math.min(committed ?? after, after));
  const read = () => spool.readJson(after, limit, eventsReplyBytes);
  let events = await read();
  if (events.count === 0 && waitMs > 0) {
    const deadline = performance.now() + waitMs;
    while (events.count === 0 && performance.now() < deadline && !signal.aborted) {
      const appended = nextAppend(spool, deadline - performance.now(), signal);
      // Asked again once the listener stands: what came in between is not missed.
      events = await read();
      if (events.count > 0) {
        appended.cancel();
        break;
      }
      await appended.promise;
      events = await read();
    }
  }
  const { json, hasMore } = events;
  const before = `{"epoch":${JSON.stringify(spool.epoch)},"isNewEpoch":false,"hasMore":${hasMore},"events":`;
  return Buffer.concat([Buffer.from(before), json, Buffer.from("}")]);
}

function nextAppend(spool: Agent["spool"], waitMs: number, signal: AbortSignal) {
  let cancel = () => {};
  const promise = new Promise<void>((resolve) => {
    const stop = spool.onAppend(() => cancel());
    const timer = setTimeout(() => cancel(), waitMs);
    cancel = () => {
      stop();
      clearTimeout(timer);
      signal.removeEventListener("abort", cancel);
      resolve();
    };
    signal.addEventListener("abort", cancel);
  });
  return { promise, cancel: () => cancel() };
}

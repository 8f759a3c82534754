import { holderKey, type LiveSession } from "../ledger/sessions";
import type { Supervisor, SupervisorDependencies } from "../openvpn/supervisor";
import type { GatewayConfig } from "../protocol/api";
import type { DisconnectCode } from "../protocol/events";
import type { Credentials } from "../state/identity";

export interface FakeSupervisor extends Supervisor {
  live: LiveSession[];
  ended: { sessionId: string; code: DisconnectCode; reason: string }[];
  configs: GatewayConfig[];
  renewed: Credentials[];
  /** Makes the next end of a session fail, as when openvpn cannot be reached. */
  failNextEnd: boolean;
}

/** No openvpn: sessions are put in by the test, and ending one is noted. */
export function createFakeSupervisor(live: LiveSession[] = []) {
  let current: FakeSupervisor | null = null;
  return {
    get supervisor(): FakeSupervisor {
      return current!;
    },
    start: async ({ spool }: SupervisorDependencies): Promise<Supervisor> => {
      const fake: FakeSupervisor = {
        live,
        ended: [],
        configs: [],
        renewed: [],
        failNextEnd: false,
        openvpnVersion: "2.6.14",
        sessions: {
          all: () => fake.live,
          byHolder: (holder) => fake.live.filter((session) => holderKey(session) === holderKey(holder)),
          silentMs: (sessionId) => (fake.live.some((session) => session.sessionId === sessionId) ? 0 : undefined),
          get: (sessionId) => fake.live.find((session) => session.sessionId === sessionId),
          async end(sessionId, code, reason) {
            const session = fake.live.find((one) => one.sessionId === sessionId);
            if (!session) return;
            if (fake.failNextEnd) {
              fake.failNextEnd = false;
              throw new Error("openvpn does not answer");
            }
            fake.live = fake.live.filter((one) => one !== session);
            fake.ended.push({ sessionId, code, reason });
            const { tenantId, connectedAt, received, sent } = session;
            spool.append({ type: "disconnected", sessionId, tenantId, connectedAt, received, sent, code, reason });
          },
        },
        configure: async (config) => void fake.configs.push(config),
        follow: () => {},
        renew: async (identity) => void fake.renewed.push(identity),
        verifyRoutes: async () => [],
        processes: () => [],
        warnings: () => [],
        close: async () => {},
        stopProcesses: async () => {},
      };
      current = fake;
      return fake;
    },
  };
}

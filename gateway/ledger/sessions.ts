/**
 * Live sessions of this gateway. Durable, so that an agent that comes back to a running openvpn goes on with the same
 * session ids; one `connected` and one `disconnected` event each, however often the agent dies in between.
 */
import type { DisconnectCode, SessionStart } from "../protocol/events";

export interface LiveSession extends SessionStart {
  received: number;
  sent: number;
}

export interface Sessions {
  all(): LiveSession[];
  byAccount(tenantId: string, accountId: string): LiveSession[];
  get(sessionId: string): LiveSession | undefined;
  /**
   * Cuts it: the client is told the reason, then dropped by its real address where it lingers. Resolves when openvpn no
   * longer forwards for it, and at once where there is no such session; rejects where openvpn could not be reached.
   * Calling it again while it runs waits for the same end. Records the disconnected event once.
   */
  end(sessionId: string, code: DisconnectCode, reason: string): Promise<void>;
}

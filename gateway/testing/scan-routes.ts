import type { HolderMatch } from "../auth/decide-connection";
import { routesOf } from "../auth/routes-of";

/** As the agent tells them, by looking at every device instead of an index. */
export function scanRoutes(match: HolderMatch, at?: Date) {
  const devices = [...match.document.devices.values()];
  return routesOf(match, (group) => devices.filter(({ groups }) => groups.includes(group)), at);
}

import type { Gateway } from "../gateway-status";

export interface ProcessRow {
  name: string;
  protocol: "udp" | "tcp";
  port: number;
  /** `drained` is running without a session left. */
  status: "starting" | "running" | "draining" | "drained" | "stopped" | "unknown";
  /** Null while it is not known. */
  sessions: number | null;
  restarts: number;
  startedAt: string | null;
  /** Wanted, whether or not the gateway has heard it. */
  isDraining: boolean;
  progress: { from: number; left: number } | null;
}

type Described = Pick<Gateway, "processes" | "draining" | "isInMaintenance" | "state" | "enrolledAt">;

/** What it is to run, and where that is left to the gateway, what it says that it runs. */
export function listProcesses({ processes, draining, isInMaintenance, state }: Described): ProcessRow[] {
  const planned = processes.length > 0 ? processes : (state?.processes ?? []);
  return planned.map(({ name, protocol, port }) => {
    const running = state?.processes.find((each) => each.name === name);
    const drain = running?.drain ?? null;
    const isEmptying = running?.status === "running" && drain !== null;
    return {
      name,
      protocol,
      port,
      status: isEmptying ? (running.sessions === 0 ? "drained" : "draining") : (running?.status ?? "unknown"),
      sessions: running?.sessions ?? null,
      restarts: running?.restarts ?? 0,
      startedAt: running?.startedAt ?? null,
      isDraining: draining.includes(name) || isInMaintenance,
      progress: drain && running ? { from: drain.from, left: running.sessions } : null,
    };
  });
}

/** Why it cannot be drained now, or its drain not be stopped; null where it can. */
export function whyNotDrain(gateway: Described, process: ProcessRow): string | null {
  if (gateway.isInMaintenance) return "The gateway is in maintenance: all its processes are being drained.";
  if (process.isDraining) return null;
  if (!gateway.enrolledAt) return "The gateway is not enrolled yet.";
  const others = listProcesses(gateway).filter(
    ({ name, protocol, isDraining }) => name !== process.name && protocol === process.protocol && !isDraining,
  );
  if (others.length === 0)
    return `No other ${process.protocol} process takes its clients. Put the gateway into maintenance instead.`;
  return null;
}

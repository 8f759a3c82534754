import { availableParallelism } from "node:os";
import type { Spread } from "../firewall/spread";
import type { GatewayConfig, ProcessConfig, ProcessState } from "../protocol/api";

/** Below the range from which Linux takes ports for outgoing connections. */
const firstInnerPort = 20_001;

export interface PlannedProcess extends ProcessConfig {
  /** At a port of its own, past any front. */
  isForOldClients?: true;
}

/**
 * The processes that a configuration means: those that it names, else, for each protocol that has a front, one a core; and
 * those for old clients. openvpn is one thread, so more would only share it. Names and ports depend on nothing else, so
 * that an agent that starts again finds the same.
 */
export function planProcesses(
  config: Pick<GatewayConfig, "processes" | "fronts" | "oldClients">,
  cores = availableParallelism(),
): PlannedProcess[] {
  const { oldClients } = config;
  const processes = planForAll(config, cores);
  if (!oldClients) return processes;
  const forOldClients = (["udp", "tcp"] as const).map((protocol) => ({
    name: `old-${protocol}`,
    protocol,
    port: oldClients.port,
    isForOldClients: true as const,
  }));
  return [...processes, ...forOldClients];
}

function planForAll(
  { processes, fronts = [] }: Pick<GatewayConfig, "processes" | "fronts">,
  cores: number,
): ProcessConfig[] {
  if (processes.length > 0) return processes;
  return (["udp", "tcp"] as const)
    .filter((protocol) => fronts.some((front) => front.protocol === protocol))
    .flatMap((protocol) =>
      Array.from({ length: Math.min(cores, 32) }, (_, index) => ({
        name: `${protocol}-${index + 1}`,
        protocol,
        port: firstInnerPort + index,
      })),
    );
}

/**
 * Where new connections are to be led. Before anything is known of the processes (an agent that starts) those of the
 * configuration are taken to run, for most often they do: the agent before left them there.
 */
export function planSpread(config: GatewayConfig, states: readonly ProcessState[] | null): Spread {
  const draining = new Set(config.draining);
  const isRunning = (name: string) =>
    states?.some((state) => state.name === name && state.status === "running") ?? true;
  return {
    fronts: config.fronts ?? [],
    // In maintenance all of them still answer, to say where else to go.
    processes: planProcesses(config).map(({ name, protocol, port, isForOldClients }) => ({
      protocol,
      port,
      isForOldClients,
      isTaking: isRunning(name) && (config.isInMaintenance === true || !draining.has(name)),
    })),
  };
}

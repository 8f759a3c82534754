import { cpus, freemem, totalmem } from "node:os";
import type { HostState } from "../protocol/api";

export function readHost(): HostState {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    totalMs += all;
    busyMs += all - times.idle;
  }
  return {
    busySeconds: busyMs / 1000,
    totalSeconds: totalMs / 1000,
    memoryBytes: totalmem(),
    // What could be had without swapping, caches included.
    memoryAvailableBytes: freemem(),
  };
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { GatewayConfig } from "../protocol/api";
import { replaceFile } from "./durable-file";

/** The newest configuration, kept so that a gateway starts while the control plane is away. */
export interface ConfigFile {
  read(): Promise<GatewayConfig | null>;
  /** Durable when it resolves. */
  write(config: GatewayConfig): Promise<void>;
}

export function createConfigFile(stateDir: string): ConfigFile {
  const path = join(stateDir, "config.json");
  return {
    async read() {
      try {
        return JSON.parse(await readFile(path, "utf8")) as GatewayConfig;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        throw error;
      }
    },
    write: (config) => replaceFile(path, JSON.stringify(config)),
  };
}

/** A clock for one gateway's agent and openvpn that can be set while they run: libfaketime, told by a file. */
import { existsSync, writeFileSync } from "node:fs";
import { clockLibrary, findCommand } from "../../scripts/support/bootstrap.mjs";

/** Why clocks cannot be set here. */
export const clockObstacle = existsSync(clockLibrary) ? null : "libfaketime is not installed";

export class FakeClock {
  readonly file: string;
  /** How far it is ahead, in seconds. */
  aheadS = 0;

  /** @param path of files of its own: it with an ending each */
  constructor(readonly path: string) {
    this.file = `${path}.clock`;
    this.set(0);
  }

  /** Seen within a second. */
  set(aheadS: number): void {
    this.aheadS = aheadS;
    writeFileSync(this.file, `${aheadS < 0 ? "-" : "+"}${Math.abs(aheadS)}\n`);
  }

  /** For the agent, which gives openvpn an environment of its own. */
  env(): Record<string, string> {
    if (clockObstacle) return {};
    const settings = {
      LD_PRELOAD: clockLibrary,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_CACHE_DURATION: "1",
      // A clock that is set moves neither the steady clock nor what was written to files.
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    };
    const openvpn = `${this.path}.openvpn`;
    const exports = Object.entries(settings).map(([name, value]) => `export ${name}="${value}"`);
    writeFileSync(openvpn, `#!/bin/sh\n${exports.join("\n")}\nexec ${findCommand("openvpn")} "$@"\n`, { mode: 0o755 });
    return { ...settings, OPENVPN_BIN: openvpn };
  }
}

/**
 * A table of one rule that nobody but this process can take away: nft gives a table to the process that makes it with the
 * flag `owner`, and a flush of the ruleset by any other passes it by (nft(8), TABLES). It goes with the process.
 *
 * A packet that was marked as one to be judged when our table still stood, and comes to be forwarded when that is gone,
 * ends here. So do all those that somebody else's rules would let through unjudged: what judges takes the mark off.
 */
import { firstMark } from "./base";
import { createNftPipe, type Runner } from "./command-pipe";

const table = "inet drawbridge_guard";

export interface Guard {
  /** Puts it there where it is not; while the agent before still has one, that serves. @throws with nft's own words */
  stand(): Promise<void>;
  close(): void;
}

/** `prefix` runs nft elsewhere, e.g. in a network namespace. */
export function createGuard(prefix: readonly string[] = [], pipe: Runner = createNftPipe(prefix)): Guard {
  return {
    async stand() {
      if ((await pipe.run(`list table ${table}`)) === "") return;
      const complaint = await pipe.run(
        `add table ${table} { flags owner; chain forward { type filter hook forward priority filter + 1; policy accept; meta mark ${firstMark} drop; }; }`,
      );
      if (complaint !== "") throw new Error(`nft refused the guard: ${complaint.slice(0, 1_000)}`);
    },
    close: () => pipe.close(),
  };
}

/**
 * The kernel's table of connections, which all tenants share, as they share smaller ones: how large they are, how long it
 * keeps what is silent, and how what nobody may use any more leaves it. What each may have of it is in base.ts.
 */
import { readFile, writeFile } from "node:fs/promises";
import { totalmem } from "node:os";
import type { Logger } from "../log";
import type { TenantDocument } from "../protocol/document";
import type { EntryChange } from "../state/entry-change";
import { CommandShell } from "./command-shell";

const folder = "/proc/sys/net/netfilter";
const sizeFile = `${folder}/nf_conntrack_max`;

/**
 * Seconds. The kernel keeps a connection that is open and silent for five days; one that is forgotten is taken up again
 * with the person's next packet.
 */
const timeouts = {
  tcp_timeout_established: 4 * 3600,
  tcp_timeout_syn_sent: 30,
  tcp_timeout_syn_recv: 30,
  tcp_timeout_fin_wait: 60,
  tcp_timeout_time_wait: 30,
  generic_timeout: 120,
};

/** An entry takes about 400 bytes; so a full table takes a twentieth of the memory. */
const bytesOfMemoryPerEntry = 8_192;
const leastEntries = 262_144;

/**
 * What else of the kernel's all tenants share: its neighbours, which a network that an uplink leads into straight fills with
 * as many as it claims to have, and the room for packets that come in parts, which whoever sends only first parts fills.
 * More of both, and parts for less long; what is there already is not lessened.
 */
const shared = {
  "neigh/default/gc_thresh3": 65_536,
  "neigh/default/gc_thresh2": 32_768,
  "neigh/default/gc_thresh1": 8_192,
  ipfrag_high_thresh: 64 * 1024 * 1024,
};
const partsSeconds = 10;

/**
 * Once rules of ours are loaded, before which the kernel may not know these settings. The size is the host's, not a network
 * namespace's: there it is left as it is.
 */
export async function tuneKernelTables(log: Logger): Promise<void> {
  await tuneShared(log);
  for (const [name, seconds] of Object.entries(timeouts))
    await writeFile(`${folder}/nf_conntrack_${name}`, String(seconds)).catch((err) =>
      log.warn({ err, name }, "how long the kernel keeps connections could not be set"),
    );
  const wanted = Math.max(leastEntries, Math.floor(totalmem() / bytesOfMemoryPerEntry));
  const { limit } = (await readConnectionTable()) ?? { limit: wanted };
  if (limit >= wanted) return;
  await writeFile(sizeFile, String(wanted))
    .then(() => writeFile("/sys/module/nf_conntrack/parameters/hashsize", String(wanted)))
    .catch((err) => log.debug({ err, limit }, "the table of connections stays as large as it is"));
}

async function tuneShared(log: Logger): Promise<void> {
  const set = async (name: string, wanted: (present: number) => number) => {
    const file = `/proc/sys/net/ipv4/${name}`;
    const present = Number(await readFile(file, "utf8"));
    if (wanted(present) !== present) await writeFile(file, String(wanted(present)));
  };
  for (const [name, least] of Object.entries(shared))
    await set(name, (present) => Math.max(present, least)).catch((err) =>
      log.debug({ err, name }, "a table of the kernel's stays as large as it is"),
    );
  await set("ipfrag_time", (present) => Math.min(present, partsSeconds)).catch((err) =>
    log.debug({ err }, "how long the kernel waits for parts of packets stays as it is"),
  );
}

/** Null where the kernel keeps none. */
export async function readConnectionTable(): Promise<{ entries: number; limit: number } | null> {
  try {
    const [entries, limit] = await Promise.all(
      [`${folder}/nf_conntrack_count`, sizeFile].map(async (file) => Number(await readFile(file, "utf8"))),
    );
    return { entries: entries!, limit: limit! };
  } catch {
    return null;
  }
}

/** Which connections nobody may use after these changes, each as `conntrack` is told. `document` holds the changes already. */
export function staleConnections({ tenant, tenantId }: TenantDocument, changes: readonly EntryChange[]): string[][] {
  return changes.flatMap((change): string[][] => {
    if (change.kind === "tenant" && change.id === tenantId && change.before && change.after?.state !== "active")
      return change.before.blocks.map((block) => ["--orig-src", block]);
    if (change.kind === "account" && change.before) {
      const { address } = change.before;
      const stays = change.after?.state === "active" && !change.after.hold && change.after.address === address;
      return stays ? [] : [["--orig-src", address]];
    }
    if (change.kind === "device" && change.before && (!change.after || change.after.hold)) {
      const { address } = change.before;
      return (tenant?.blocks ?? []).map((block) => ["--orig-src", block, "--orig-dst", address]);
    }
    return [];
  });
}

/** More than these at a time are left to end by themselves. */
const mostWaiting = 256;

/** Takes entries out one after the other, beside everything else: the rules keep their packets out already. */
export function createForgetting(log: Logger) {
  const shell = new CommandShell();
  let waiting = 0;
  return {
    forget(document: TenantDocument, changes: readonly EntryChange[]): void {
      for (const filter of staleConnections(document, changes)) {
        if (waiting >= mostWaiting) return;
        waiting++;
        shell
          .run(["conntrack", "-D", ...filter])
          // Where there was none of them it fails too, and says that it deleted 0.
          .catch((err) => {
            if (!/ 0 flow entries/.test(String(err)))
              log.warn({ err }, "connections of somebody who is out could not be deleted");
          })
          .finally(() => waiting--);
      }
    },
    close: () => shell.close(),
  };
}

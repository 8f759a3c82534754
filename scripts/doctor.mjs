/** `npm run doctor`: names what is missing or broken and the mend for each. Ends with 1 where something is broken. */
import { existsSync, statfsSync } from "node:fs";
import {
  arePostgresLibrariesLinked,
  findStalePackages,
  installCommand,
  isRoot,
  missingTools,
  postgresPackage,
  requireNode,
  root,
  runTypeScript,
  systemTools,
} from "./support/bootstrap.mjs";

/**
 * @typedef {object} Finding
 * @property {"well" | "lacking" | "broken"} state lacking: something optional goes without it
 * @property {string} what
 * @property {string} [mend]
 */

process.chdir(root);
/** @type {Finding[]} */
const findings = [];
const tell = (finding) => {
  findings.push(finding);
  console.log(`${{ well: "✓", lacking: "–", broken: "✗" }[finding.state]} ${finding.what}`);
  if (finding.mend) console.log(`    ${finding.mend}`);
};

for (const look of [lookAtNode, lookAtPackages, lookAtPostgresPackage, lookAtTools, lookAtNetwork, lookAtDisk]) look();
if (findings.some(({ state }) => state === "broken")) {
  tell({ state: "lacking", what: "settings, database and gateways are looked at once the above is mended" });
} else {
  const { lookAtInstallation } = await runTypeScript("./doctor-installation.ts");
  await lookAtInstallation(tell);
}

const broken = findings.filter(({ state }) => state === "broken").length;
console.log(broken === 0 ? "\nNothing is broken." : `\n${broken} broken.`);
process.exit(broken === 0 ? 0 : 1);

function lookAtNode() {
  try {
    requireNode();
    tell({ state: "well", what: `Node ${process.versions.node}` });
  } catch (error) {
    tell({ state: "broken", what: error.message, mend: "Install one of these: https://nodejs.org/en/download" });
  }
}

function lookAtPackages() {
  const stale = findStalePackages();
  tell(
    stale
      ? { state: "broken", what: `npm packages: ${stale}`, mend: "npm start (or npm ci)" }
      : { state: "well", what: "npm packages are those of package-lock.json" },
  );
}

function lookAtPostgresPackage() {
  const folder = postgresPackage();
  if (!folder)
    tell({
      state: process.env.DATABASE_URL ? "lacking" : "broken",
      what: `there is no embedded PostgreSQL for ${process.platform}-${process.arch}`,
      mend: "Set DATABASE_URL, MIGRATE_DATABASE_URL and QUEUE_DATABASE_URL to a server of yours.",
    });
  else if (!arePostgresLibrariesLinked(folder))
    tell({ state: "broken", what: "the embedded PostgreSQL's libraries are not linked", mend: "npm start links them" });
  else tell({ state: "well", what: "embedded PostgreSQL is installed" });
}

function lookAtTools() {
  for (const [use, tools] of Object.entries({
    "the demonstration network": systemTools.network,
    "npm test": systemTools.tests,
  })) {
    const missing = missingTools(tools);
    tell(
      missing.length === 0
        ? { state: "well", what: `tools for ${use} are installed` }
        : {
            state: "lacking",
            what: `for ${use} these are missing: ${missing.map(({ name, purpose }) => `${name} (${purpose})`).join(", ")}`,
            mend: isRoot ? installCommand(missing) : `sudo sh -c '${installCommand(missing)}'`,
          },
    );
  }
}

function lookAtNetwork() {
  tell(
    isRoot
      ? { state: "well", what: "running as root" }
      : {
          state: "lacking",
          what: "not root: no demonstration network",
          mend: "Start as root to have it: sudo npm start",
        },
  );
  tell(
    existsSync("/dev/net/tun")
      ? { state: "well", what: "/dev/net/tun is there" }
      : {
          state: "lacking",
          what: "no /dev/net/tun: no tunnels here",
          mend: "modprobe tun; in a container: --device /dev/net/tun --cap-add NET_ADMIN --cap-add SYS_ADMIN",
        },
  );
}

function lookAtDisk() {
  const { bavail, bsize } = statfsSync(root);
  const freeGiB = (bavail * bsize) / 2 ** 30;
  tell(
    freeGiB < 0.5
      ? {
          state: "broken",
          what: `${freeGiB.toFixed(2)} GiB free on the disk`,
          mend: "Free at least 2 GiB: PostgreSQL stops on a full disk.",
        }
      : { state: freeGiB < 2 ? "lacking" : "well", what: `${freeGiB.toFixed(1)} GiB free on the disk` },
  );
}

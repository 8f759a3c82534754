import { settings } from "../../server/core/env";
import type { Settings } from "./settings-file";

/** Of the environment, what a program of any kind may need, and what Node and Next read of it. */
const common = /^(PATH|LANG|LC_[A-Z]+|TZ|TMPDIR|NODE_ENV|NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NEXT_TELEMETRY_DISABLED)$/;

/**
 * What the app and the workers get of an installation's environment: their settings, and nothing of whoever started it.
 * The database's owner is for the migrating step alone; whoever reads their memory does not become it.
 */
export function ownEnvironment(environment: Settings): Settings {
  const { MIGRATE_DATABASE_URL: _, ...own } = settings.shape;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => name in own || common.test(name)));
}

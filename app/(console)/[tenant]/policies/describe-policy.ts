import type { PolicyRule } from "@/gateway/protocol/document";
import { plural } from "../../../_lib/format";
import { ruleNames } from "./rules";

export interface PolicyFacts {
  isEnabled: boolean;
  /** All that are named; an empty name is one that is not known here. */
  accounts: readonly { name: string; isRevoked: boolean }[];
  /** A number of devices that is not known is left out. */
  groups: readonly { name: string; devices: number | null }[];
  rules: readonly PolicyRule[];
}

/** What a policy says, in one sentence; and while a part of it is missing, what it comes to. */
export function describePolicy({ isEnabled, accounts, groups, rules }: PolicyFacts): string {
  const missing = [
    accounts.length === 0 && "who may go in",
    groups.length === 0 && "which groups it opens",
    rules.length === 0 && "on which ports",
  ].filter((part) => part !== false);
  if (missing.length === 3) return "Nobody reaches anything by this policy yet.";
  if (missing.length > 0) return `It opens nothing yet: say ${list(missing)}.`;
  const present = accounts.filter((account) => !account.isRevoked);
  const revoked = accounts.length - present.length;
  if (present.length === 0) return "Everybody in it is revoked, so it opens nothing.";
  const sentence = `${people(present)} may reach ${list(groups.map(groupName))} on ${list(ruleNames(rules))}.`;
  const rest = revoked > 0 ? ` ${plural(revoked, "account")} in it ${revoked === 1 ? "is" : "are"} revoked.` : "";
  return `${isEnabled ? "" : "Switched off, it opens nothing. Once on: "}${sentence}${rest}`;
}

function people(accounts: PolicyFacts["accounts"]): string {
  const named = accounts.map((account) => account.name).filter(Boolean);
  if (named.length === 0) return plural(accounts.length, "person", "people");
  // Naming one and counting one other would hide a name to no gain.
  const shown = accounts.length === 2 ? named : named.slice(0, 1);
  const rest = accounts.length - shown.length;
  return list(rest > 0 ? [...shown, plural(rest, "other")] : shown);
}

function groupName({ name, devices }: PolicyFacts["groups"][number]): string {
  if (devices === null) return name;
  return `${name} (${devices === 0 ? "no devices yet" : plural(devices, "device")})`;
}

/** "a", "a and b", "a, b and c" */
function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

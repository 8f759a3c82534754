import { canonical } from "../protocol/canonical";
import type { AccountId } from "../protocol/ids";
import type { EntryChange } from "../state/entry-change";

/** Whose routes a change of the document may add to: one account's, everybody's of the tenant, or nobody's. */
export function whoseReachGrows(change: EntryChange): AccountId | "everybody" | "nobody" {
  const { kind, id, before, after } = change;
  if (after === null) return "nobody";
  const isSame = (...values: unknown[][]) => values.every(([a, b]) => canonical(a) === canonical(b));
  switch (kind) {
    case "account":
      return isSame([before?.policies, after.policies]) ? "nobody" : id;
    case "grant":
      return after.account;
    case "device":
      return isSame([before?.groups, after.groups], [before?.address, after.address]) ? "nobody" : "everybody";
    case "policy":
      return isSame([before?.groups, after.groups], [before?.isEnabled, after.isEnabled], [before?.rules, after.rules])
        ? "nobody"
        : "everybody";
    case "tenant":
      return isSame([before?.blocks, after.blocks]) ? "nobody" : "everybody";
    case "network":
      return "everybody";
    case "uplink":
      return "nobody";
    default:
      return change satisfies never;
  }
}

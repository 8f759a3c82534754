import { type AuditAction, auditActions } from "@/server/core/audit-actions";

/** An entry as the lists give it. */
export interface AuditEntry {
  sequence: number;
  at: Date;
  actor: { kind: string; id: string | null; name: string };
  action: string;
  subject: { kind: string; id: string; name: string };
  details: unknown;
  hash: string;
}

/** What was done, in parts: "Granted ", "Mara Lindt", " access to Cranes for a while". The subject's name is told apart. */
export function sentenceOf({ action, subject, details }: Pick<AuditEntry, "action" | "subject" | "details">): Part[] {
  const sentence: string = auditActions[action as AuditAction] ?? `${action} {name}`;
  return sentence
    .split(/(\{\w+\})/)
    .filter((text) => text !== "")
    .map((text) => {
      const field = /^\{(\w+)\}$/.exec(text)?.[1];
      if (field === undefined) return { text, isName: false };
      if (field === "name") return { text: subject.name, isName: true };
      return { text: isRecord(details) ? show(details[field]) : "…", isName: false };
    });
}

interface Part {
  text: string;
  isName: boolean;
}

export interface Fact {
  name: string;
  /** undefined where there is only one value. */
  before?: string;
  value: string;
}

/** An entry's details, a line each; of `before` and `after` only what differs. */
export function factsOf(details: unknown): Fact[] {
  if (!isRecord(details))
    return details === null || details === undefined ? [] : [{ name: "details", value: show(details) }];
  const { before, after, ...rest } = details;
  const changed =
    isRecord(before) && isRecord(after)
      ? [...new Set([...Object.keys(before), ...Object.keys(after)])]
          .map((name) => ({ name: words(name), before: show(before[name]), value: show(after[name]) }))
          .filter((fact) => fact.before !== fact.value)
      : [
          ...(before === undefined ? [] : [{ name: "before", value: show(before) }]),
          ...(after === undefined ? [] : [{ name: "after", value: show(after) }]),
        ];
  return [...changed, ...Object.entries(rest).map(([name, value]) => ({ name: words(name), value: show(value) }))];
}

function show(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(show).join(", ");
  // The database keeps an object's keys in an order of its own.
  if (isRecord(value) && typeof value.protocol === "string" && "from" in value)
    return [value.protocol, value.from, value.to === null || value.to === value.from ? null : `to ${value.to}`]
      .filter((part) => part !== null)
      .join(" ");
  if (isRecord(value))
    return Object.entries(value)
      .filter(([, inner]) => inner !== null && inner !== undefined)
      .map(([name, inner]) => `${words(name)} ${show(inner)}`)
      .join(" ");
  return String(value);
}

/** "accountsAdded" → "accounts added" */
function words(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

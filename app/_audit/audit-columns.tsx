import type { Column } from "../_ui/data-table";
import type { TableFilter } from "../_ui/table-toolbar";
import { DateTime } from "../_ui/time-ago";
import { type AuditEntry, sentenceOf } from "./audit-entry";

export const auditColumns: Column<AuditEntry>[] = [
  {
    id: "what",
    header: "What",
    cell: (entry) =>
      sentenceOf(entry).map(({ text, isName }) => (
        <span key={text} className={isName ? undefined : "font-normal"}>
          {text}
        </span>
      )),
  },
  { id: "actor", header: "Who", cell: (entry) => entry.actor.name },
  { id: "at", header: "When", width: "11rem", cell: (entry) => <DateTime date={entry.at} className="text-muted" /> },
  {
    id: "sequence",
    header: "Entry",
    sortable: true,
    align: "right",
    width: "5rem",
    hideBelow: "md",
    cell: (entry) => entry.sequence,
  },
  {
    id: "hash",
    header: "Hash",
    mono: true,
    width: "8rem",
    hideBelow: "lg",
    cell: (entry) => (
      <span className="text-faint" title={entry.hash}>
        {entry.hash.slice(0, 12)}
      </span>
    ),
  },
];

export const auditFilters: TableFilter<"subject">[] = [
  {
    name: "subject",
    label: "About",
    options: [
      { value: "account", label: "Accounts" },
      { value: "device", label: "Devices" },
      { value: "group", label: "Groups" },
      { value: "policy", label: "Policies" },
      { value: "member", label: "Members" },
      { value: "invitation", label: "Invitations" },
      { value: "session", label: "Sessions" },
      { value: "certificate", label: "Certificates" },
      { value: "gateway", label: "Gateways" },
      { value: "tenant", label: "The tenant" },
    ],
  },
];

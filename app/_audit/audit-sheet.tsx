"use client";

import { ArrowRight } from "lucide-react";
import { useKept } from "../_sessions/use-kept";
import { CodeBlock } from "../_ui/code-block";
import { Copyable } from "../_ui/copyable";
import { KeyValue } from "../_ui/key-value";
import { Sheet } from "../_ui/sheet";
import { DateTime } from "../_ui/time-ago";
import type { usePanel } from "../_ui/use-panel";
import { type AuditEntry, factsOf, sentenceOf } from "./audit-entry";

interface AuditSheetProps {
  panel: ReturnType<typeof usePanel>;
  entries: readonly AuditEntry[] | undefined;
}

/** One entry: what changed, and the hash that chains it to its neighbours. */
export function AuditSheet({ panel, entries }: AuditSheetProps) {
  const entry = useKept(
    entries?.map((row) => ({ ...row, id: String(row.sequence) })),
    panel.value,
  );
  return (
    <Sheet
      modal={false}
      size="lg"
      open={entry !== undefined}
      onOpenChange={panel.onOpenChange}
      title={
        entry
          ? sentenceOf(entry)
              .map(({ text }) => text)
              .join("")
          : "Entry"
      }
    >
      {entry && <EntryDetails entry={entry} />}
    </Sheet>
  );
}

function EntryDetails({ entry }: { entry: AuditEntry }) {
  const facts = factsOf(entry.details);
  return (
    <div className="flex flex-col gap-5">
      <KeyValue
        items={[
          { label: "Who", value: `${entry.actor.name}${actorNote(entry.actor.kind)}` },
          { label: "When", value: <DateTime date={entry.at} /> },
          { label: "Action", value: entry.action, mono: true },
          { label: "Subject", value: <Copyable text={entry.subject.id} /> },
          { label: "Entry", value: entry.sequence },
          { label: "Hash", value: entry.hash, mono: true },
        ]}
      />
      {facts.length > 0 && (
        <section>
          <h3 className="mb-1 text-sm font-medium">Details</h3>
          <KeyValue
            items={facts.map((fact) => ({
              label: <span className="block first-letter:uppercase">{fact.name}</span>,
              value:
                fact.before === undefined ? (
                  fact.value
                ) : (
                  <span className="inline-flex flex-wrap items-center gap-1.5">
                    <del className="text-faint decoration-line-control">{fact.before}</del>
                    <ArrowRight aria-label="became" className="size-3.5 text-faint" />
                    <ins className="no-underline">{fact.value}</ins>
                  </span>
                ),
            }))}
          />
        </section>
      )}
      <CodeBlock title="details as hashed" code={JSON.stringify(entry.details, null, 2)} />
    </div>
  );
}

function actorNote(kind: string): string {
  return actorNotes[kind] ?? "";
}

const actorNotes: Record<string, string> = {
  staff: " (the operator's staff)",
  account: " (VPN account)",
  system: " (by itself)",
};

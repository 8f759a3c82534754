"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Download, ScrollText } from "lucide-react";
import { useState } from "react";
import { auditColumns, auditFilters } from "../../../_audit/audit-columns";
import { AuditSheet } from "../../../_audit/audit-sheet";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { DataTable } from "../../../_ui/data-table";
import { EmptyState } from "../../../_ui/empty-state";
import { PageHeader } from "../../../_ui/page-header";
import { usePanel } from "../../../_ui/use-panel";
import { useTableState } from "../../../_ui/use-table-state";
import { useTenant } from "../../_lib/use-tenant";
import { ExportDialog } from "./export-dialog";

/** Who did what, newest first; each entry is chained to the one before it. */
export function Audit() {
  const trpc = useTRPC();
  const { tenantId, whyNot } = useTenant();
  const panel = usePanel();
  const [isExporting, setExporting] = useState(false);
  const state = useTableState({ sortable: ["sequence"], sort: "-sequence", filters: ["subject"] });
  const query = useQuery(
    trpc.audit.list.queryOptions(
      { tenantId, ...state.input, subjectKind: state.filters.subject },
      { placeholderData: keepPreviousData },
    ),
  );
  return (
    <>
      <PageHeader
        title="Audit log"
        description="Who did what, and when. Each entry holds the hash of the one before it, so that none can be changed or left out unseen."
        actions={
          <Button
            icon={<Download aria-hidden />}
            disabledReason={whyNot("audit:read")}
            onClick={() => setExporting(true)}
          >
            Export
          </Button>
        }
      />
      <DataTable
        label="Audit entries"
        state={state}
        query={query}
        columns={auditColumns}
        rowId={(entry) => String(entry.sequence)}
        onOpen={(entry) => panel.open(String(entry.sequence))}
        openRowId={panel.value}
        searchPlaceholder="Search by person, subject or action"
        filters={auditFilters}
        empty={
          <EmptyState icon={<ScrollText aria-hidden />} title="Nothing has been done yet">
            Whatever anybody changes here is written down, and cannot be taken back out.
          </EmptyState>
        }
      />
      <AuditSheet panel={panel} entries={query.data?.rows} />
      <ExportDialog open={isExporting} onOpenChange={setExporting} />
    </>
  );
}

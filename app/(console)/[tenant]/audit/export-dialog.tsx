"use client";

import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { useTRPC, useTRPCClient } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { CodeBlock } from "../../../_ui/code-block";
import { Dialog } from "../../../_ui/dialog";
import { KeyValue } from "../../../_ui/key-value";
import { readServerError } from "../../../_ui/server-error";
import { useTenant } from "../../_lib/use-tenant";
import { saveText } from "./save-text";

interface ExportDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** The whole log as a file, and how to check it without us. */
export function ExportDialog({ open, onOpenChange }: ExportDialogProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const { tenantId, slug } = useTenant();
  const newest = useQuery(
    trpc.audit.list.queryOptions({ tenantId, pageSize: 1, order: "desc" }, { enabled: open, staleTime: 0 }),
  );
  const last = newest.data?.rows[0];
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const fileName = `${slug}-audit.ndjson`;
  const download = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const chunks: string[] = [];
      for (let after: number | null = 0; after !== null; ) {
        const { text, next }: { text: string; next: number | null } = await client.audit.export.query({
          tenantId,
          after,
        });
        chunks.push(text);
        after = next;
      }
      saveText(fileName, chunks);
    } catch (error) {
      setProblem(readServerError(error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      className="max-w-lg"
      title="Export the audit log"
      description="Every entry, oldest first, a line of JSON each."
      footer={
        <>
          <Button variant="primary" icon={<Download aria-hidden />} loading={isBusy} onClick={() => void download()}>
            Download {fileName}
          </Button>
          <Button onClick={() => onOpenChange(false)}>Close</Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {problem && (
          <Callout tone="bad" role="alert">
            {problem}
          </Callout>
        )}
        <p className="text-sm text-muted">
          Anybody can check the file without asking us: an entry that was changed, left out or put in later breaks every
          hash after it.
        </p>
        {last && (
          <KeyValue
            items={[
              { label: "Entries so far", value: last.sequence },
              { label: "Last hash", value: last.hash, mono: true },
            ]}
          />
        )}
        <p className="text-sm text-muted">
          That nobody made the whole log anew, or cut off its end, the file alone cannot show: name a mail that you
          saved beside it, of those that admins get each day with the newest entry's signed hash.
        </p>
        <CodeBlock title="in a checkout of Drawbridge" code={`npm run audit:verify -- ${fileName} SAVED-MAIL`} wrap />
      </div>
    </Dialog>
  );
}

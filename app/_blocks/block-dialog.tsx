"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { z } from "zod";
import { reasonField } from "@/server/core/text";
import { ChangeReceipt } from "../_lib/change-receipt";
import { durations } from "../_lib/durations";
import { Button } from "../_ui/button";
import { Dialog } from "../_ui/dialog";
import { Field } from "../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../_ui/form";
import { Input } from "../_ui/input";
import { Select } from "../_ui/select";

interface BlockDialogProps {
  tenantId: string;
  name: string;
  description: string;
  reasonHint: string;
  onBlock: (input: { reason: string; minutes: number }) => Promise<{ revision: number }>;
  onClose: () => void;
}

/** Blocks an account or a device for a while. Stays open until whoever pressed it has seen every gateway enforce it. */
export function BlockDialog({ tenantId, name, description, reasonHint, onBlock, onClose }: BlockDialogProps) {
  const queryClient = useQueryClient();
  const [revision, setRevision] = useState<number>();
  const form = useForm({ schema: blockForm, defaultValues: { reason: "", minutes: "60" } });
  return (
    <Dialog
      role="alertdialog"
      open
      onOpenChange={onClose}
      title={revision ? `${name} is blocked` : `Block ${name} for a while?`}
      description={revision ? "Each gateway refuses it and drops its packets until the time is over." : description}
      footer={revision && <Button onClick={onClose}>Close</Button>}
    >
      {revision ? (
        <ChangeReceipt
          tenantId={tenantId}
          revision={revision}
          words={{
            pending: `Blocking ${name}`,
            done: `${name} is blocked`,
            failed: `${name} is not blocked everywhere`,
          }}
          onSettled={() => void queryClient.invalidateQueries()}
        />
      ) : (
        <Form
          form={form}
          onSubmit={async ({ reason, minutes }) => {
            const result = await onBlock({ reason, minutes: Number(minutes) });
            setRevision(result.revision);
            void queryClient.invalidateQueries();
          }}
        >
          <Field name="minutes" label="For how long" hint="It ends by itself, also where no gateway can be told.">
            <Select options={durations} />
          </Field>
          <Field name="reason" label="Reason" hint={reasonHint}>
            <Input autoFocus autoComplete="off" placeholder="Malware was found on the laptop" />
          </Field>
          <FormError />
          <FormActions>
            <SubmitButton variant="danger">Block</SubmitButton>
            <Button onClick={onClose}>Cancel</Button>
          </FormActions>
        </Form>
      )}
    </Dialog>
  );
}

const blockForm = z.object({ reason: reasonField, minutes: z.string() });

"use client";

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { FieldValues } from "react-hook-form";
import type { z } from "zod";
import { ChangeReceipt, type ChangeWords } from "../../../_lib/change-receipt";
import { formatNumber } from "../../../_lib/format";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Dialog } from "../../../_ui/dialog";
import { Form, FormActions, SubmitButton, useForm } from "../../../_ui/form";
import { Progress } from "../../../_ui/progress";
import { readServerError } from "../../../_ui/server-error";
import { useTenant } from "../../_lib/use-tenant";

export interface BulkChange<Input extends FieldValues, Output extends FieldValues> {
  title: string;
  description: string;
  submitLabel: string;
  tone?: "danger" | "primary";
  schema: z.ZodType<Output, Input>;
  defaultValues: Input;
  /** What is asked once, for all. */
  fields?: ReactNode;
  words: ChangeWords;
}

interface BulkDialogProps<Input extends FieldValues, Output extends FieldValues> extends BulkChange<Input, Output> {
  subjects: readonly { id: string; name: string }[];
  /** One change, audited by itself. Gives its revision, where it made one. */
  onApply: (id: string, values: Output) => Promise<{ revision?: number }>;
  onClose: () => void;
}

interface Outcome {
  done: number;
  refused: { name: string; why: string }[];
  /** The newest: a gateway that enforces it enforces those before too. */
  revision: number;
}

/**
 * The same change to each of several, one after the other, so that each is allowed, refused and audited as if it were the
 * only one. It stays open until whoever pressed it has seen every gateway enforce them all.
 */
export function BulkDialog<Input extends FieldValues, Output extends FieldValues>(
  props: BulkDialogProps<Input, Output>,
) {
  const { title, description, submitLabel, tone = "danger", schema, defaultValues, fields, words } = props;
  const { onApply, onClose } = props;
  // Those that were chosen, whatever the list behind it shows by now.
  const [subjects] = useState(props.subjects);
  const { tenantId } = useTenant();
  const queryClient = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome>();
  const form = useForm<Input, Output>({ schema, defaultValues: defaultValues as never });
  const isRunning = form.formState.isSubmitting;
  const isOver = outcome !== undefined && !isRunning;
  const apply = async (values: Output) => {
    let so: Outcome = { done: 0, refused: [], revision: 0 };
    setOutcome(so);
    for (const { id, name } of subjects) {
      try {
        const { revision = 0 } = await onApply(id, values);
        so = { ...so, done: so.done + 1, revision: Math.max(so.revision, revision) };
      } catch (error) {
        so = { ...so, refused: [...so.refused, { name, why: readServerError(error).message }] };
      }
      setOutcome(so);
    }
    void queryClient.invalidateQueries();
  };
  return (
    <Dialog
      role="alertdialog"
      open
      onOpenChange={() => !isRunning && onClose()}
      title={title}
      description={isOver ? undefined : description}
      footer={isOver && <Button onClick={onClose}>Close</Button>}
    >
      {isOver ? (
        <div className="flex flex-col gap-4">
          {outcome.refused.length > 0 && (
            <Callout
              tone="warn"
              title={`${formatNumber(outcome.refused.length)} of ${formatNumber(subjects.length)} are as they were`}
            >
              <ul>
                {outcome.refused.map(({ name, why }) => (
                  <li key={name}>
                    {name}: {why}
                  </li>
                ))}
              </ul>
            </Callout>
          )}
          {outcome.revision > 0 ? (
            <ChangeReceipt
              tenantId={tenantId}
              revision={outcome.revision}
              words={words}
              onSettled={() => void queryClient.invalidateQueries()}
            />
          ) : (
            outcome.done > 0 && <p className="text-sm">{words.done}</p>
          )}
        </div>
      ) : (
        <Form form={form} onSubmit={apply}>
          {fields}
          {outcome && (
            <Progress label={words.pending} value={outcome.done + outcome.refused.length} max={subjects.length} />
          )}
          <FormActions>
            <SubmitButton variant={tone}>{submitLabel}</SubmitButton>
            <Button onClick={onClose} disabledReason={isRunning && "It is being done"}>
              Cancel
            </Button>
          </FormActions>
        </Form>
      )}
    </Dialog>
  );
}

"use client";

import { disconnectInput } from "@/server/sessions/schema";
import { Button } from "../_ui/button";
import { Dialog } from "../_ui/dialog";
import { Field } from "../_ui/field";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../_ui/form";
import { Input } from "../_ui/input";
import { nameOfHolder, type Session } from "./session";

interface DisconnectDialogProps {
  session: Pick<Session, "id" | "accountId" | "deviceId" | "accountName" | "deviceName"> | undefined;
  onClose: () => void;
  /** What it throws is shown, and the dialog stays. */
  onDisconnect: (reason: string) => Promise<unknown>;
}

/** Ends one session, saying why; the person is told so by their client. */
export function DisconnectDialog({ session, onClose, onDisconnect }: DisconnectDialogProps) {
  return (
    <Dialog
      role="alertdialog"
      open={session !== undefined}
      onOpenChange={(open) => !open && onClose()}
      title={`Disconnect ${session ? nameOfHolder(session) : ""}?`}
      description={
        session?.deviceId
          ? "Its connection is cut now, and it connects again at once. To keep it out, revoke its certificates."
          : "Their connection is cut now, and they may connect again at once. To keep somebody out, revoke their account."
      }
    >
      <ReasonForm onClose={onClose} onDisconnect={onDisconnect} />
    </Dialog>
  );
}

function ReasonForm({ onClose, onDisconnect }: Omit<DisconnectDialogProps, "session">) {
  const form = useForm({ schema: reasonSchema, defaultValues: { reason: "" } });
  return (
    <Form
      form={form}
      onSubmit={async ({ reason }) => {
        await onDisconnect(reason);
        onClose();
      }}
    >
      <Field name="reason" label="Reason" hint="The person is told, and it is kept in the audit log." required>
        <Input autoFocus autoComplete="off" placeholder="Maintenance of the yard's network" />
      </Field>
      <FormError />
      <FormActions>
        <SubmitButton variant="danger">Disconnect</SubmitButton>
        <Button onClick={onClose}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

const reasonSchema = disconnectInput.pick({ reason: true });

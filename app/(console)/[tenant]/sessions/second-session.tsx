"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { setSecondSessionInput } from "@/server/tenants/schema";
import { useTRPC } from "../../../_lib/trpc";
import { SecondSessionField } from "../../../_sessions/second-session-field";
import { Button } from "../../../_ui/button";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../_ui/form";
import { Sheet } from "../../../_ui/sheet";
import { Skeleton } from "../../../_ui/skeleton";
import { usePanel } from "../../../_ui/use-panel";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

type Choice = "replace" | "refuse";

/** An account is connected once at a time, everywhere; what becomes of a second connection is the tenant's to say. */
export function SecondSession() {
  const trpc = useTRPC();
  const { tenantId } = useTenant();
  const panel = usePanel();
  const { data } = useQuery(trpc.tenants.secondSession.queryOptions({ tenantId }));
  return (
    <>
      <Button icon={<MonitorSmartphone aria-hidden />} onClick={() => panel.open("second")}>
        {data ? `Second connection: ${data.secondSession === "refuse" ? "refused" : "replaces"}` : "Second connection"}
      </Button>
      <Sheet
        open={panel.is("second")}
        onOpenChange={panel.onOpenChange}
        title="Second connection"
        description="An account is connected once at a time, on whichever gateway. This says what happens when it connects again."
      >
        {data ? (
          <SecondSessionForm secondSession={data.secondSession} onDone={panel.close} />
        ) : (
          <Skeleton className="h-24 w-full" />
        )}
      </Sheet>
    </>
  );
}

function SecondSessionForm({ secondSession, onDone }: { secondSession: Choice; onDone: () => void }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { tenantId, whyNot, can } = useTenant();
  const announce = useChange();
  const set = useMutation(trpc.tenants.setSecondSession.mutationOptions());
  const form = useForm({ schema: setSecondSessionInput, defaultValues: { secondSession } });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const { revision } = await set.mutateAsync({ tenantId, ...values });
        await queryClient.invalidateQueries(trpc.tenants.secondSession.queryFilter({ tenantId }));
        onDone();
        announce(revision, {
          pending: "Telling the gateways",
          done: values.secondSession === "refuse" ? "Second connections are refused" : "Second connections replace",
          failed: "Not in force everywhere yet",
        });
      }}
    >
      <SecondSessionField disabled={!can("settings:write")} />
      <FormError />
      <FormActions>
        <SubmitButton disabledReason={whyNot("settings:write")}>Save</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

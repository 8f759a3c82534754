"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "../../../_lib/trpc";
import { Sheet } from "../../../_ui/sheet";
import type { usePanel } from "../../../_ui/use-panel";
import { EnrolmentSteps, type IssuedToken } from "./enrolment-steps";
import { GatewayForm } from "./gateway-form";

/** Describes a gateway, then shows what to run on it, then waits for it. */
export function NewGatewaySheet({ panel }: { panel: ReturnType<typeof usePanel> }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const create = useMutation(trpc.gateways.create.mutationOptions());
  const [issued, setIssued] = useState<IssuedToken & { name: string }>();
  const close = () => {
    setIssued(undefined);
    panel.close();
  };
  return (
    <Sheet
      size="lg"
      open={panel.is("new")}
      onOpenChange={(open) => !open && close()}
      title={issued ? `Enrol ${issued.name}` : "New gateway"}
    >
      {issued ? (
        <EnrolmentSteps issued={issued} onDone={close} />
      ) : (
        <GatewayForm
          submitLabel="Add gateway and show its token"
          onCancel={close}
          onSubmit={async (values) => {
            const token = await create.mutateAsync(values);
            setIssued({ ...token, name: values.name });
            await queryClient.invalidateQueries(trpc.gateways.pathFilter());
          }}
        />
      )}
    </Sheet>
  );
}

"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, KeyRound, Pencil, PowerOff, Trash2, Wrench } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { plural } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { ConfirmDialog } from "../../../../_ui/confirm-dialog";
import { DropdownMenu } from "../../../../_ui/dropdown-menu";
import { Sheet } from "../../../../_ui/sheet";
import { toast } from "../../../../_ui/toast";
import { usePanel } from "../../../../_ui/use-panel";
import { useStaff } from "../../_lib/use-staff";
import { EnrolmentSteps, type IssuedToken } from "../enrolment-steps";
import { GatewayForm } from "../gateway-form";
import type { Gateway } from "../gateway-status";
import { DrainPace } from "./drain-pace";

/** Edit, a new token, retire, delete. */
export function GatewayActions({ gateway }: { gateway: Gateway }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { whyNot } = useStaff();
  const panel = usePanel();
  const [asked, setAsked] = useState<"maintenance" | "token" | "retire" | "delete">();
  const [issued, setIssued] = useState<IssuedToken>();
  const [pace, setPace] = useState<number | undefined>(gateway.drainPerSecond);
  const update = useMutation(trpc.gateways.update.mutationOptions());
  const setMaintenance = useMutation(trpc.gateways.setMaintenance.mutationOptions());
  const renewToken = useMutation(trpc.gateways.renewToken.mutationOptions());
  const retire = useMutation(trpc.gateways.retire.mutationOptions());
  const remove = useMutation(trpc.gateways.delete.mutationOptions());
  const reason = whyNot("gateways:write");
  const isEnrolled = gateway.enrolledAt !== null;
  const { id: gatewayId, name } = gateway;
  const reload = () => queryClient.invalidateQueries(trpc.gateways.pathFilter());
  const close = () => setAsked(undefined);
  return (
    <>
      <Button icon={<Pencil aria-hidden />} disabledReason={reason} onClick={() => panel.open("edit")}>
        Edit
      </Button>
      <Button
        icon={<Wrench aria-hidden />}
        disabledReason={reason ?? (isEnrolled || gateway.isInMaintenance ? null : "It is not enrolled yet.")}
        onClick={() => setAsked("maintenance")}
      >
        {gateway.isInMaintenance ? "End maintenance…" : "Maintenance…"}
      </Button>
      <DropdownMenu
        trigger={<Button size="icon" aria-label="More actions" icon={<Ellipsis aria-hidden />} />}
        items={[
          {
            label: isEnrolled ? "Enrol it again…" : "New token…",
            icon: <KeyRound aria-hidden />,
            disabledReason: reason,
            onSelect: () => setAsked("token"),
          },
          { separator: true },
          isEnrolled && {
            label: "Retire…",
            icon: <PowerOff aria-hidden />,
            tone: "danger",
            disabledReason: reason,
            onSelect: () => setAsked("retire"),
          },
          {
            label: "Delete…",
            icon: <Trash2 aria-hidden />,
            tone: "danger",
            disabledReason: reason ?? (isEnrolled ? "Retire it first." : null),
            onSelect: () => setAsked("delete"),
          },
        ]}
      />
      <Sheet size="lg" open={panel.is("edit")} onOpenChange={panel.onOpenChange} title={`Edit ${name}`}>
        <GatewayForm
          gateway={gateway}
          submitLabel="Save gateway"
          onCancel={panel.close}
          onSubmit={async (values) => {
            await update.mutateAsync({ gatewayId, ...values });
            panel.close();
            await reload();
            toast.ok(`${values.name} is saved`);
          }}
        />
      </Sheet>
      <Sheet
        size="lg"
        open={issued !== undefined}
        onOpenChange={(open) => !open && setIssued(undefined)}
        title={`Enrol ${name}`}
      >
        {issued && <EnrolmentSteps issued={issued} onDone={() => setIssued(undefined)} />}
      </Sheet>
      <ConfirmDialog
        open={asked === "maintenance"}
        onOpenChange={close}
        tone="primary"
        title={gateway.isInMaintenance ? `End the maintenance of ${name}?` : `Put ${name} into maintenance?`}
        description={
          gateway.isInMaintenance
            ? "It takes connections again. Clients that went elsewhere stay there until they next connect."
            : `Its ${plural(gateway.state?.sessions ?? 0, "session")} move to the other gateways, each with a pause of a few seconds and the same address. Who connects meanwhile is told to go on to the next gateway.`
        }
        confirmLabel={gateway.isInMaintenance ? "End maintenance" : "Begin maintenance"}
        onConfirm={async () => {
          await setMaintenance.mutateAsync({ gatewayId, isInMaintenance: !gateway.isInMaintenance, perSecond: pace });
          await reload();
          toast.ok(gateway.isInMaintenance ? `${name} takes connections again` : `${name} is in maintenance`);
        }}
      >
        {!gateway.isInMaintenance && (
          <DrainPace
            value={pace}
            onValueChange={setPace}
            sessions={Math.max(0, ...(gateway.state?.processes ?? []).map(({ sessions }) => sessions))}
          />
        )}
      </ConfirmDialog>
      <ConfirmDialog
        open={asked === "token"}
        onOpenChange={close}
        tone="primary"
        title={isEnrolled ? `Enrol ${name} again?` : `A new token for ${name}?`}
        description={
          isEnrolled
            ? "For a gateway whose state folder was lost or whose certificate has ended. It gets a new key and certificate once its agent is started with the new token."
            : "The token before it is void from then on."
        }
        confirmLabel="Show a new token"
        onConfirm={async () => {
          setIssued(await renewToken.mutateAsync({ gatewayId }));
          await reload();
        }}
      />
      <ConfirmDialog
        open={asked === "retire"}
        onOpenChange={close}
        title={`Retire ${name}?`}
        description="Nothing is sent to it any more, changes no longer wait for it, and new profiles leave it out. Stop its agent by hand; its clients move to the other gateways."
        confirmLabel="Retire gateway"
        typeToConfirm={name}
        onConfirm={async () => {
          await retire.mutateAsync({ gatewayId });
          await reload();
          toast.ok(`${name} is retired`);
        }}
      />
      <ConfirmDialog
        open={asked === "delete"}
        onOpenChange={close}
        title={`Delete ${name}?`}
        description="Its description and the tenants' uplinks on it are deleted."
        confirmLabel="Delete gateway"
        onConfirm={async () => {
          await remove.mutateAsync({ gatewayId });
          router.push(paths.staff.gateways);
          await queryClient.invalidateQueries(trpc.gateways.list.pathFilter());
          toast.ok(`${name} is deleted`);
        }}
      />
    </>
  );
}

"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CirclePause, CirclePlay, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useAnnounceChange } from "../../../../_lib/change-receipt";
import { plural } from "../../../../_lib/format";
import { paths } from "../../../../_lib/paths";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { ConfirmDialog } from "../../../../_ui/confirm-dialog";
import { toast } from "../../../../_ui/toast";
import { useStaff } from "../../_lib/use-staff";
import { SuspendTenant } from "./suspend-tenant";
import type { TenantFacts } from "./tenant-facts";

/** Suspend, resume, delete. */
export function TenantActions({ tenant }: { tenant: TenantFacts }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { whyNot } = useStaff();
  const announce = useAnnounceChange(tenant.id);
  const [asked, setAsked] = useState<"suspend" | "resume" | "delete">();
  const resume = useMutation(trpc.tenants.resume.mutationOptions());
  const remove = useMutation(trpc.tenants.delete.mutationOptions());
  const disabledReason = whyNot("tenants:write");
  const close = () => setAsked(undefined);
  const { id: tenantId, name } = tenant;
  return (
    <>
      {tenant.state === "suspended" ? (
        <Button
          variant="primary"
          icon={<CirclePlay aria-hidden />}
          disabledReason={disabledReason}
          onClick={() => setAsked("resume")}
        >
          Resume…
        </Button>
      ) : (
        <Button icon={<CirclePause aria-hidden />} disabledReason={disabledReason} onClick={() => setAsked("suspend")}>
          Suspend…
        </Button>
      )}
      <Button
        variant="danger-ghost"
        icon={<Trash2 aria-hidden />}
        disabledReason={disabledReason}
        onClick={() => setAsked("delete")}
      >
        Delete…
      </Button>
      {asked === "suspend" && <SuspendTenant tenant={tenant} onClose={close} />}
      <ConfirmDialog
        open={asked === "resume"}
        onOpenChange={close}
        tone="primary"
        title={`Resume ${name}?`}
        description="Its people can connect again, as its accounts and policies say."
        confirmLabel="Resume tenant"
        onConfirm={async () => {
          const { revision } = await resume.mutateAsync({ tenantId });
          announce(revision, {
            pending: `Resuming ${name}`,
            done: `${name} is back`,
            failed: `${name} is not back everywhere`,
          });
        }}
      />
      <ConfirmDialog
        open={asked === "delete"}
        onOpenChange={close}
        title={`Delete ${name}?`}
        description={`${plural(tenant.accounts, "account")}, ${plural(tenant.devices, "device")}, its policies and its history of sessions are deleted now and cannot be brought back. Its audit log is kept.`}
        confirmLabel="Delete tenant for good"
        typeToConfirm={tenant.slug}
        onConfirm={async () => {
          await remove.mutateAsync({ tenantId });
          router.push(paths.staff.tenants);
          await queryClient.invalidateQueries(trpc.tenants.list.pathFilter());
          toast.ok(`${name} is deleted`, "Gateways drop it as they hear of it.");
        }}
      />
    </>
  );
}

"use client";

import { useMutation } from "@tanstack/react-query";
import { Pencil } from "lucide-react";
import { setNetworksInput } from "@/server/tenants/schema";
import { useAnnounceChange } from "../../../../_lib/change-receipt";
import { useTRPC } from "../../../../_lib/trpc";
import { Button } from "../../../../_ui/button";
import { Callout } from "../../../../_ui/callout";
import { Card } from "../../../../_ui/card";
import { Copyable } from "../../../../_ui/copyable";
import { Form, FormActions, FormError, SubmitButton, useForm } from "../../../../_ui/form";
import { KeyValue } from "../../../../_ui/key-value";
import { Sheet } from "../../../../_ui/sheet";
import { usePanel } from "../../../../_ui/use-panel";
import { useStaff } from "../../_lib/use-staff";
import { NetworksFields } from "../networks-fields";
import type { TenantFacts } from "./tenant-facts";

/** The networks in which its devices lie. */
export function TenantNetworks({ tenant }: { tenant: TenantFacts }) {
  const { whyNot } = useStaff();
  const panel = usePanel();
  return (
    <Card
      title="Networks"
      description="Behind the gateways; a device's address lies in one of them."
      actions={
        <Button
          size="sm"
          icon={<Pencil aria-hidden />}
          disabledReason={whyNot("tenants:write")}
          onClick={() => panel.open("networks")}
        >
          Edit
        </Button>
      }
    >
      {tenant.networks.length > 0 ? (
        <KeyValue
          items={tenant.networks.map((network) => ({ label: network.name, value: <Copyable text={network.cidr} /> }))}
        />
      ) : (
        <Callout tone="warn" title="No networks yet">
          Until there is one, {tenant.name} can add no device.
        </Callout>
      )}
      <Sheet
        size="lg"
        open={panel.is("networks")}
        onOpenChange={panel.onOpenChange}
        title={`Networks of ${tenant.name}`}
        description="One that still holds devices cannot be taken out."
      >
        <NetworksForm tenant={tenant} onDone={panel.close} />
      </Sheet>
    </Card>
  );
}

function NetworksForm({ tenant, onDone }: { tenant: TenantFacts; onDone: () => void }) {
  const trpc = useTRPC();
  const announce = useAnnounceChange(tenant.id);
  const setNetworks = useMutation(trpc.tenants.setNetworks.mutationOptions());
  const form = useForm({
    schema: setNetworksInput,
    defaultValues: { tenantId: tenant.id, networks: tenant.networks.map(({ name, cidr }) => ({ name, cidr })) },
  });
  return (
    <Form
      form={form}
      onSubmit={async (values) => {
        const { revision } = await setNetworks.mutateAsync(values);
        onDone();
        announce(revision);
      }}
    >
      <NetworksFields />
      <FormError />
      <FormActions>
        <SubmitButton>Save networks</SubmitButton>
        <Button onClick={onDone}>Cancel</Button>
      </FormActions>
    </Form>
  );
}

"use client";

import { ShieldOff } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { Button } from "../../../../_ui/button";
import { Card } from "../../../../_ui/card";
import { EmptyState } from "../../../../_ui/empty-state";
import { TextLink } from "../../../../_ui/text-link";
import { useTenant } from "../../../_lib/use-tenant";

interface AccountPoliciesProps {
  account: Pick<Api["accounts"]["get"], "policies">;
  onEdit: () => void;
}

export function AccountPolicies({ account, onEdit }: AccountPoliciesProps) {
  const { paths, whyNot } = useTenant();
  const change = (
    <Button size="sm" disabledReason={whyNot("accounts:write")} onClick={onEdit}>
      Change
    </Button>
  );
  return (
    <Card title="Policies" description="What this account may reach" actions={change} padding="none">
      {account.policies.length === 0 ? (
        <EmptyState icon={<ShieldOff aria-hidden />} title="Reaches nothing" className="py-8">
          Without a policy the account can connect, but no packet of it goes anywhere.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {account.policies.map((policy) => (
            <li key={policy.id} className="px-4 py-2.5">
              <TextLink href={paths.policy(policy.id)}>{policy.name}</TextLink>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

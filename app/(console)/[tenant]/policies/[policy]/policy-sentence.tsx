"use client";

import { Card } from "../../../../_ui/card";
import { describePolicy } from "../describe-policy";
import { parsePorts, type RuleLine, rulesOf } from "../rules";
import type { PolicyFormValues } from "./policy-form-schema";

interface PolicySentenceProps {
  values: PolicyFormValues;
  account: (id: string) => { name: string; isRevoked: boolean };
  group: (id: string) => { name: string; devices: number | null } | undefined;
}

/** What the policy says as it stands in the form, read out as it changes. */
export function PolicySentence({ values, account, group }: PolicySentenceProps) {
  const sentence = describePolicy({
    isEnabled: values.isEnabled,
    accounts: values.accountIds.map(account),
    groups: values.groupIds.flatMap((id) => group(id) ?? []),
    rules: rulesOf(values.lines.filter(isReadable)),
  });
  return (
    <Card title="What it says">
      <p aria-live="polite" className="text-sm text-pretty text-ink">
        {sentence}
      </p>
    </Card>
  );
}

function isReadable({ protocol, ports }: RuleLine): boolean {
  return protocol === "icmp" || !("problem" in parsePorts(ports));
}

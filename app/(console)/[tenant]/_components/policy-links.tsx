"use client";

import { Fragment } from "react";
import { TextLink } from "../../../_ui/text-link";
import { useTenant } from "../../_lib/use-tenant";

/** Policies by name, each leading to its page. */
export function PolicyLinks({
  policies,
  none,
}: {
  policies: readonly { id: string; name: string; isEnabled: boolean }[];
  none: string;
}) {
  const tenant = useTenant();
  if (policies.length === 0) return <span className="text-faint">{none}</span>;
  return (
    <span>
      {policies.map((policy, index) => (
        <Fragment key={policy.id}>
          {index > 0 && ", "}
          <TextLink href={tenant.paths.policy(policy.id)} className="text-ink">
            {policy.name}
          </TextLink>
          {!policy.isEnabled && <span className="text-faint"> (off)</span>}
        </Fragment>
      ))}
    </span>
  );
}

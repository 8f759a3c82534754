"use client";

import type { Api } from "../../../../_lib/api-types";
import { Card } from "../../../../_ui/card";
import { PolicyUse } from "../policy-use";
import { ruleNames } from "../rules";

/** Which of the saved rules are needed at all. */
export function RuleUses({ uses }: { uses: Api["policies"]["get"]["ruleUses"] }) {
  return (
    <Card title="What each rule let through" description="A port in two rules counts for the first" padding="none">
      <ul className="divide-y">
        {uses.map(({ rule, use }) => {
          const name = ruleNames([rule])[0]!;
          return (
            <li key={name} className="flex flex-wrap items-baseline justify-between gap-x-3 px-4 py-2 text-xs">
              <span className="font-mono text-ink">{name}</span>
              <PolicyUse use={use} />
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

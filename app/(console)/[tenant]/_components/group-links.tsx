"use client";

import { formatNumber } from "../../../_lib/format";
import { TextLink } from "../../../_ui/text-link";
import { Tooltip } from "../../../_ui/tooltip";
import { useTenant } from "../../_lib/use-tenant";

interface GroupLinksProps {
  groups: readonly { id: string; name: string }[];
  /** What is said where there is none. */
  none: string;
  /** How many are named before the rest is counted. */
  most?: number;
}

/** Groups by name, the first few; the rest on hover. */
export function GroupLinks({ groups, none, most = 3 }: GroupLinksProps) {
  const tenant = useTenant();
  if (groups.length === 0) return <span className="text-faint">{none}</span>;
  const rest = groups.slice(most);
  return (
    <span className="inline-flex max-w-full flex-wrap gap-x-1 max-sm:justify-end">
      {groups.slice(0, most).map((group, index) => (
        <span key={group.id} className="whitespace-nowrap">
          <TextLink href={tenant.paths.group(group.id)} className="text-ink">
            {group.name}
          </TextLink>
          {index < groups.length - 1 && ","}
        </span>
      ))}
      {rest.length > 0 && (
        <Tooltip content={rest.map((group) => group.name).join(", ")}>
          <button type="button" className="rounded-sm text-muted">
            and {formatNumber(rest.length)} more
          </button>
        </Tooltip>
      )}
    </span>
  );
}

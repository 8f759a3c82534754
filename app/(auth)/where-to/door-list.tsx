"use client";

import { Building2, Cable, Wrench } from "lucide-react";
import { useState } from "react";
import type { Door } from "@/server/sign-in/doors";
import { switchDoor } from "../../_lib/switch-door";
import { Callout } from "../../_ui/callout";

interface DoorListProps {
  doors: Door[];
  returnTo: string;
}

export function DoorList({ doors, returnTo }: DoorListProps) {
  const [error, setError] = useState<string | null>(null);
  const [going, setGoing] = useState<string | null>(null);
  const go = async (signInId: string) => {
    setError(null);
    setGoing(signInId);
    try {
      await switchDoor(signInId, returnTo);
    } catch (failure) {
      setError((failure as Error).message);
      setGoing(null);
    }
  };
  return (
    <>
      <ul className="-mx-2 flex flex-col gap-1">
        {doors.map((door) => (
          <li key={door.signInId}>
            <button
              type="button"
              disabled={going !== null}
              onClick={() => void go(door.signInId)}
              className="flex w-full items-center gap-3 rounded-md px-2 py-2 text-left hover:bg-hover disabled:opacity-60"
            >
              <span
                aria-hidden
                className="flex size-8 shrink-0 items-center justify-center rounded-md bg-brand-soft text-brand-text [&>svg]:size-4"
              >
                {iconOf(door)}
              </span>
              <span className="min-w-0">
                <span className="block truncate font-medium text-ink">{titleOf(door)}</span>
                <span className="block truncate text-xs text-faint">{detailOf(door)}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      {error && (
        <Callout tone="bad" role="alert" className="mt-4">
          {error}
        </Callout>
      )}
    </>
  );
}

function iconOf({ kind, isStaff }: Door) {
  if (kind === "account") return <Cable />;
  return isStaff ? <Wrench /> : <Building2 />;
}

function titleOf({ kind, tenantNames, isStaff }: Door): string {
  if (kind === "account") return `My VPN at ${tenantNames[0]}`;
  if (isStaff) return "Staff console";
  return tenantNames.length === 1 ? `Console of ${tenantNames[0]}` : "Console";
}

function detailOf({ kind, tenantNames, isRevoked, isCurrent, isStaff }: Door): string {
  const state = isRevoked ? "Revoked: see why" : isCurrent ? "You are here" : "";
  const what = kind === "account" ? "Profile, and what you may reach" : tenantNames.join(", ");
  const where = what || (isStaff ? "Every tenant" : "You are a member of none");
  return [state, where].filter(Boolean).join(" · ");
}

"use client";

import { Check } from "lucide-react";
import type { Api } from "../../../_lib/api-types";
import { Card } from "../../../_ui/card";
import { cn } from "../../../_ui/cn";
import { LinkButton } from "../../../_ui/link-button";
import { Progress } from "../../../_ui/progress";
import { type Tenant, useTenant } from "../../_lib/use-tenant";

type Done = Api["tenants"]["overview"]["onboarding"];

/** From an empty tenant to the first working tunnel, with the next thing to do. */
export function Onboarding({ done }: { done: Done }) {
  const tenant = useTenant();
  const steps = stepsOf(tenant.paths);
  const count = steps.filter((step) => done[step.key]).length;
  const next = steps.find((step) => !done[step.key]);
  return (
    <Card
      title="To the first working tunnel"
      actions={
        <span className="text-xs text-faint">
          {count} of {steps.length}
        </span>
      }
      padding="none"
    >
      <Progress label="Set up" value={count} max={steps.length} className="h-1 rounded-none" />
      <ol className="divide-y">
        {steps.map((step) => {
          const isNext = step === next;
          return (
            <li
              key={step.key}
              aria-current={isNext ? "step" : undefined}
              className={cn("flex items-start gap-3 px-4 py-2.5", isNext && "bg-brand-soft py-3.5")}
            >
              <span
                className={cn(
                  "mt-0.5 flex size-4.5 shrink-0 items-center justify-center rounded-full border border-line-strong",
                  done[step.key] && "border-ok bg-ok-soft text-ok-text",
                  isNext && "border-brand",
                )}
              >
                {done[step.key] && <Check aria-label="done" className="size-3" strokeWidth={3} />}
              </span>
              <span className="min-w-0 flex-1">
                <span className={cn("block", done[step.key] ? "text-muted" : "text-ink", isNext && "font-medium")}>
                  {step.title}
                </span>
                {isNext && <span className="mt-0.5 block text-muted">{step.why}</span>}
              </span>
              {isNext && step.action && (
                <LinkButton href={step.action.href} variant="primary" size="sm">
                  {step.action.label}
                </LinkButton>
              )}
            </li>
          );
        })}
      </ol>
    </Card>
  );
}

export function isOnboarded(done: Done): boolean {
  return Object.values(done).every(Boolean);
}

interface Step {
  key: keyof Done;
  title: string;
  why: string;
  action?: { label: string; href: string };
}

function stepsOf(paths: Tenant["paths"]): Step[] {
  return [
    {
      key: "hasDevice",
      title: "Add a device",
      why: "Anything with an address in one of your networks: a controller, a camera, a server.",
      action: { label: "Add devices", href: paths.newDevice },
    },
    {
      key: "hasGroup",
      title: "Put devices into a group",
      why: "Policies open groups, so that a device added later needs no new policy.",
      action: { label: "Make a group", href: paths.newGroup },
    },
    {
      key: "hasAccount",
      title: "Create a VPN account for a person",
      why: "The person gets a mail with a link to choose a password; you get a temporary one, for where no mail arrives.",
      action: { label: "Create an account", href: paths.newAccount },
    },
    {
      key: "hasPolicy",
      title: "Write a policy",
      why: "Nothing is open until a policy says so: who may reach which group, on which ports.",
      action: { label: "Write a policy", href: paths.newPolicy },
    },
    {
      key: "downloaded",
      title: "The person downloads a profile",
      why: "They choose a password by the link in their mail, and download the profile for their VPN client.",
      action: { label: "See who has", href: paths.accounts },
    },
    {
      key: "connected",
      title: "The first connection",
      why: "With the profile in any OpenVPN client. A refused attempt is listed with its reason on the account's page.",
      action: { label: "Sessions", href: paths.sessions },
    },
    {
      key: "invited",
      title: "Invite a second member",
      why: "So that the organisation does not depend on one person who may be away.",
      action: { label: "Invite a member", href: paths.invite },
    },
  ];
}

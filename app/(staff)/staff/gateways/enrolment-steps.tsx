"use client";

import { useQuery } from "@tanstack/react-query";
import { paths } from "../../../_lib/paths";
import { useTRPC } from "../../../_lib/trpc";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { CodeBlock } from "../../../_ui/code-block";
import { LinkButton } from "../../../_ui/link-button";
import { Spinner } from "../../../_ui/spinner";
import { Steps } from "../../../_ui/steps";
import { TimeAgo } from "../../../_ui/time-ago";

export interface IssuedToken {
  gatewayId: string;
  token: string;
  expiresAt: Date;
  command: string;
}

/** The one-time token, the command that uses it, and the wait until the gateway is there. */
export function EnrolmentSteps({ issued, onDone }: { issued: IssuedToken; onDone: () => void }) {
  const trpc = useTRPC();
  const gateway = useQuery(trpc.gateways.get.queryOptions({ gatewayId: issued.gatewayId }, { refetchInterval: 1_000 }));
  const isEnrolled = gateway.data != null && gateway.data.enrolledAt !== null;
  return (
    <div className="flex flex-col gap-4">
      <Steps steps={["Describe it", "Run the command", "Enrolled"]} current={isEnrolled ? 3 : 1} />
      {isEnrolled ? (
        <>
          <Callout tone="ok" title={`${gateway.data.name} is enrolled`} role="status">
            It has its own key and certificate now, and is being sent what every tenant asks of it.
          </Callout>
          <div className="flex gap-2">
            <LinkButton variant="primary" href={paths.staff.gateway(issued.gatewayId)}>
              Go to {gateway.data.name}
            </LinkButton>
            <Button onClick={onDone}>Close</Button>
          </div>
        </>
      ) : (
        <>
          <p className="text-sm text-muted">
            Run this on the host, as root. The token is shown only now, works once, and ends{" "}
            <TimeAgo date={issued.expiresAt} className="text-ink" />. It proves both ends to each other and never
            crosses the network.
          </p>
          <CodeBlock title="on the gateway" code={issued.command} wrap />
          <CodeBlock title="the token alone" code={issued.token} wrap />
          <p role="status" className="flex items-center gap-2 text-sm text-muted">
            <Spinner /> Waiting for the gateway to answer. This changes by itself.
          </p>
        </>
      )}
    </div>
  );
}

"use client";

import { useQuery } from "@tanstack/react-query";
import type { Api } from "../../_lib/api-types";
import { formatDate, formatRelative, formatTime, plural } from "../../_lib/format";
import { useTRPC } from "../../_lib/trpc";
import { daysLeft } from "../../_profile/days-left";
import { Badge } from "../../_ui/badge";
import { Button } from "../../_ui/button";
import { Callout } from "../../_ui/callout";
import { Card } from "../../_ui/card";
import { Copyable } from "../../_ui/copyable";
import { ErrorState } from "../../_ui/error-state";
import { KeyValue } from "../../_ui/key-value";
import { PageHeader } from "../../_ui/page-header";
import { SkeletonText } from "../../_ui/skeleton";
import { Status } from "../../_ui/status-dot";
import { Elapsed } from "../../_ui/time-ago";
import { useNow } from "../../_ui/use-now";
import { Certificates } from "./certificates";
import { Download } from "./download";
import { findEnding } from "./ending-certificate";
import { Instructions } from "./instructions";
import { useDownload } from "./use-download";

type Profile = Api["portal"]["profile"];

/** My status, my profile to download, and what to do with it. */
export function MyProfile() {
  const trpc = useTRPC();
  const query = useQuery(trpc.portal.profile.queryOptions(undefined, { refetchInterval: 5_000 }));
  const download = useDownload();
  const now = useNow(60_000);
  const profile = query.data;
  if (!profile)
    return (
      <>
        <PageHeader title="My VPN profile" />
        {query.error ? (
          <ErrorState error={query.error} onRetry={query.refetch} isRetrying={query.isFetching} frame="box" />
        ) : (
          <SkeletonText lines={8} />
        )}
      </>
    );
  const isActive = profile.state === "active";
  const ending = isActive && now ? findEnding(profile.certificates, now) : undefined;
  const renew = (certificateId: string) => {
    document.getElementById("download")?.scrollIntoView({ block: "nearest" });
    void download.start(profile, { renews: certificateId });
  };
  return (
    <>
      <PageHeader
        title="My VPN profile"
        description={`Your way to the devices of ${profile.tenantName}.`}
        badge={<Badge tone={isActive ? "ok" : "bad"}>{states[profile.state]}</Badge>}
      />
      <div className="flex flex-col gap-5">
        {!isActive && (
          <Callout tone="bad" title={`Your access is ${states[profile.state].toLowerCase()}`}>
            {profile.reason}{" "}
            {profile.state === "revoked" && `If this is a mistake, ask an admin of ${profile.tenantName}.`}
          </Callout>
        )}
        {isActive && profile.lastRefusal && !profile.session && <LastRefusal refusal={profile.lastRefusal} />}
        {ending && now && (
          <Callout
            tone={daysLeft(ending.notAfter, now) < 0 ? "bad" : "warn"}
            title={
              daysLeft(ending.notAfter, now) < 0
                ? "Your profile has ended"
                : `Your profile ends in ${plural(daysLeft(ending.notAfter, now), "day")}`
            }
            action={
              <Button size="sm" variant="primary" loading={download.isBusy} onClick={() => renew(ending.id)}>
                Renew
              </Button>
            }
          >
            You get a new file with the same address and the same rights. The old one works until the new one connects.
          </Callout>
        )}
        <div className="grid gap-5 md:grid-cols-[3fr_2fr]">
          {isActive ? (
            <Download profile={profile} download={download} />
          ) : (
            <NothingToDownload state={states[profile.state]} />
          )}
          <Standing profile={profile} />
        </div>
        {isActive && <Instructions profile={profile} />}
        <Certificates
          certificates={profile.certificates}
          whyNot={!isActive && `Your access is ${states[profile.state].toLowerCase()}.`}
          isBusy={download.isBusy}
          onRenew={renew}
        />
      </div>
    </>
  );
}

function NothingToDownload({ state }: { state: string }) {
  return (
    <Card title="Profile">
      <p className="text-muted">
        While the access is {state.toLowerCase()}, no profile is handed out and those that you have are refused. Once it
        is restored they work again.
      </p>
    </Card>
  );
}

function Standing({ profile }: { profile: Profile }) {
  return (
    <Card title="Status">
      <KeyValue
        items={[
          { label: "Connection", value: <Connection profile={profile} /> },
          { label: "User name", value: <Copyable text={profile.email} plain /> },
          { label: "Your address", value: <Copyable text={profile.address} /> },
          {
            label: "Gateways",
            value:
              profile.gateways.length === 0
                ? "none in service yet"
                : profile.gateways.map(({ name, region }) => (
                    <span key={name} className="block">
                      {name} <span className="text-faint">{region}</span>
                    </span>
                  )),
          },
        ]}
      />
    </Card>
  );
}

function Connection({ profile: { session } }: { profile: Profile }) {
  if (!session) return <Status tone="neutral">Not connected</Status>;
  return (
    <Status tone="ok" pulse>
      <span>
        At {session.gatewayName}, for <Elapsed since={session.connectedAt} />
      </span>
    </Status>
  );
}

/** "Your last attempt at 14:02 was refused: …", in the reader's own time. */
function LastRefusal({ refusal }: { refusal: NonNullable<Profile["lastRefusal"]> }) {
  const now = useNow(30_000);
  if (!now) return null;
  const isToday = formatDate(refusal.at) === formatDate(now);
  const clock = formatTime(refusal.at).slice(0, 5);
  return (
    <Callout
      tone="warn"
      title={`Your last attempt at ${isToday ? clock : `${clock} on ${formatDate(refusal.at)}`} was refused`}
    >
      {refusal.reason} ({formatRelative(refusal.at, now)}, at {refusal.gatewayName})
    </Callout>
  );
}

const states = { active: "Active", revoked: "Revoked", suspended: "Suspended" };

"use client";

import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { paths } from "../../../../_lib/paths";
import { useTRPC, useTRPCClient } from "../../../../_lib/trpc";
import { Callout } from "../../../../_ui/callout";
import { Card } from "../../../../_ui/card";
import { CopyButton } from "../../../../_ui/copy-button";
import { Copyable } from "../../../../_ui/copyable";
import { ErrorState } from "../../../../_ui/error-state";
import { KeyValue } from "../../../../_ui/key-value";
import { PageHeader } from "../../../../_ui/page-header";
import { SkeletonText } from "../../../../_ui/skeleton";
import { DateTime } from "../../../../_ui/time-ago";
import { MailState } from "../mail-state";
import { splitLinks } from "./split-links";

/** One mail as its reader sees it, as far as staff may. Opening it is a change, for it is audited: once each time that the page is come to. */
export function MailView({ mailId }: { mailId: string }) {
  const [trpc, client] = [useTRPC(), useTRPCClient()];
  const {
    data: mail,
    error,
    refetch,
    isFetching,
  } = useQuery({
    queryKey: [...trpc.outbox.open.mutationKey(), mailId],
    queryFn: () => client.outbox.open.mutate({ id: mailId }),
    ...{ staleTime: Number.POSITIVE_INFINITY, gcTime: 0 },
  });
  return (
    <>
      <PageHeader title={mail?.subject ?? "Mail"} breadcrumbs={[{ label: "Outbox", href: paths.staff.outbox }]} />
      {error && !mail ? (
        <ErrorState
          frame="box"
          error={error}
          title="This mail could not be loaded"
          onRetry={refetch}
          isRetrying={isFetching}
        />
      ) : (
        <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_20rem]">
          <Card title="Text">
            {mail?.secret && (
              <Callout tone={mail.secret === "shown" ? "warn" : "info"} className="mb-3">
                {secretNotes[mail.secret]}
              </Callout>
            )}
            {mail ? (
              <p className="max-w-prose text-sm leading-6 break-words whitespace-pre-wrap">
                {splitLinks(mail.text).map((part, index) =>
                  part.href ? (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the text does not change
                    <Fragment key={index}>
                      <a href={part.href} className="rounded-sm text-brand-text underline underline-offset-2">
                        {part.text}
                      </a>{" "}
                      <CopyButton text={part.href} />
                    </Fragment>
                  ) : (
                    part.text
                  ),
                )}
              </p>
            ) : (
              <SkeletonText lines={6} />
            )}
          </Card>
          <Card title="Delivery">
            {mail ? (
              <>
                <KeyValue
                  items={[
                    { label: "To", value: <Copyable text={mail.recipient} plain /> },
                    { label: "State", value: <MailState mail={mail} /> },
                    { label: "Written", value: <DateTime date={mail.createdAt} /> },
                    { label: "Sent", value: <DateTime date={mail.sentAt} fallback="not sent" /> },
                  ]}
                />
                {mail.error && (
                  <Callout tone="bad" title="The mail server refused it" className="mt-3">
                    {mail.error}
                  </Callout>
                )}
              </>
            ) : (
              <SkeletonText lines={4} />
            )}
          </Card>
        </div>
      )}
    </>
  );
}

const secretNotes = {
  shown:
    "There is no mail server, so you pass this on to its recipient. Whoever has the link can use it: that you opened this mail stands in the audit.",
  "left out": "What is left out of the text is its recipient's alone; the mail server is given it.",
  forgotten: "What is left out of the text was sent, used or withdrawn, and is kept no more.",
};

"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileKey, Mail } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { shorten } from "../../../../_lib/format";
import { useTRPC } from "../../../../_lib/trpc";
import { CertificateStatus } from "../../../../_profile/certificate-status";
import { Button } from "../../../../_ui/button";
import { Card } from "../../../../_ui/card";
import { Copyable } from "../../../../_ui/copyable";
import { EmptyState } from "../../../../_ui/empty-state";
import { DateTime, TimeAgo } from "../../../../_ui/time-ago";
import { toast } from "../../../../_ui/toast";
import { useTenant } from "../../../_lib/use-tenant";

type Account = Api["accounts"]["get"];
type Certificate = Account["certificates"][number];

/** One for each profile that was downloaded. */
export function AccountCertificates({ account }: { account: Account }) {
  const { certificates } = account;
  const renewed = new Set(certificates.filter(({ revokedAt }) => !revokedAt).map(({ replaces }) => replaces));
  return (
    <Card
      title="Certificates"
      description="One for each profile downloaded; the keys were made in the browser, so only its owner renews one"
      padding="none"
    >
      {certificates.length === 0 ? (
        <EmptyState icon={<FileKey aria-hidden />} title="No profile downloaded yet" className="py-8">
          They download it in the portal, after choosing their own password.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {certificates.map((certificate) => (
            <li key={certificate.id} className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-2.5">
              <Copyable text={certificate.serial}>{shorten(certificate.serial)}</Copyable>
              <CertificateStatus
                isRevoked={certificate.revokedAt !== null}
                isShut={account.state === "revoked"}
                notAfter={certificate.notAfter}
              />
              <div className="flex w-full flex-wrap items-center justify-between gap-x-4 gap-y-1 text-xs text-faint">
                <p>
                  Issued <DateTime date={certificate.createdAt} />
                  {renewed.has(certificate.id) && " · renewed: works until the new one has connected"}
                  {certificate.remindedAt && (
                    <>
                      {" · told by mail "}
                      <TimeAgo date={certificate.remindedAt} />
                    </>
                  )}
                </p>
                {!certificate.revokedAt && !renewed.has(certificate.id) && account.state === "active" && (
                  <AskToRenew certificate={certificate} />
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function AskToRenew({ certificate }: { certificate: Certificate }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const tenant = useTenant();
  const ask = useMutation(trpc.certificates.askToRenew.mutationOptions());
  const send = async () => {
    try {
      await ask.mutateAsync({ tenantId: tenant.tenantId, certificateId: certificate.id });
      toast.ok("They are asked by mail to renew it");
      await queryClient.invalidateQueries(trpc.accounts.get.pathFilter());
    } catch (error) {
      toast.error(error);
    }
  };
  return (
    <Button
      size="sm"
      icon={<Mail aria-hidden />}
      loading={ask.isPending}
      disabledReason={tenant.whyNot("accounts:write")}
      onClick={() => void send()}
    >
      Ask to renew
    </Button>
  );
}

"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { Download, FileKey, RefreshCw } from "lucide-react";
import { useState } from "react";
import type { Api } from "../../../_lib/api-types";
import { shorten } from "../../../_lib/format";
import { useTRPC } from "../../../_lib/trpc";
import { CertificateStatus } from "../../../_profile/certificate-status";
import { assembleProfile } from "../../../_profile/profile";
import { type MadeFile, saveProfile } from "../../../_profile/save-file";
import { createSigningRequest } from "../../../_profile/signing-request";
import { Button } from "../../../_ui/button";
import { Callout } from "../../../_ui/callout";
import { Card } from "../../../_ui/card";
import { ConfirmDialog } from "../../../_ui/confirm-dialog";
import { Copyable } from "../../../_ui/copyable";
import { EmptyState } from "../../../_ui/empty-state";
import { ErrorState } from "../../../_ui/error-state";
import { readServerError } from "../../../_ui/server-error";
import { SkeletonText } from "../../../_ui/skeleton";
import { DateTime } from "../../../_ui/time-ago";
import { useChange } from "../../_lib/use-change";
import { useTenant } from "../../_lib/use-tenant";

type Certificate = Api["certificates"]["listOfDevice"][number];

/** One for each profile that was made for the device. The key is made in this browser and is only in the file. */
export function DeviceCertificates({ device }: { device: Api["devices"]["get"] }) {
  const trpc = useTRPC();
  const { tenantId, name: tenantName, whyNot } = useTenant();
  const announce = useChange();
  const list = useQuery(trpc.certificates.listOfDevice.queryOptions({ tenantId, deviceId: device.id }));
  const issue = useMutation(trpc.certificates.issueToDevice.mutationOptions());
  const revoke = useMutation(trpc.certificates.revokeOfDevice.mutationOptions());
  const [saved, setSaved] = useState<MadeFile & { isRenewal: boolean }>();
  const [problem, setProblem] = useState<string>();
  const [leaving, setLeaving] = useState<Certificate>();
  const renewed = new Set(list.data?.filter(({ revokedAt }) => !revokedAt).map(({ replaces }) => replaces));

  /** @param how.renews the certificate that the new one is to take the place of */
  const download = async ({ renews, isForOldClient }: { renews?: string; isForOldClient?: boolean } = {}) => {
    setProblem(undefined);
    setSaved(undefined);
    try {
      const { request, privateKey } = await createSigningRequest(device.id);
      const issued = await issue.mutateAsync({ tenantId, deviceId: device.id, csr: request, renews, isForOldClient });
      const about = { tenantName, accountName: device.name, accountId: device.id, email: null, at: new Date() };
      const file = {
        name: issued.fileName,
        text: assembleProfile({ ...issued, ...about, privateKey }),
        isRenewal: renews !== undefined,
      };
      saveProfile(file);
      setSaved(file);
      announce(issued.revision, {
        pending: `Telling the gateways of ${device.name}'s certificate`,
        done: `${device.name} may connect`,
        failed: `${device.name}'s certificate is not known everywhere yet`,
      });
    } catch (error) {
      setProblem(readServerError(error).message);
    }
  };

  return (
    <Card
      title="Certificates"
      description="One for each profile; the keys are made in the browser"
      padding="none"
      actions={
        <>
          {device.takesOldClients && (
            <Button
              size="sm"
              variant="ghost"
              disabled={issue.isPending}
              disabledReason={whyNot("devices:write")}
              onClick={() => void download({ isForOldClient: true })}
            >
              For OpenVPN 2.4
            </Button>
          )}
          <Button
            size="sm"
            icon={<Download aria-hidden />}
            loading={issue.isPending}
            disabledReason={whyNot("devices:write")}
            onClick={() => void download()}
          >
            New profile
          </Button>
        </>
      }
    >
      {problem && (
        <Callout tone="bad" role="alert" title="No profile was made" className="m-4">
          {problem}
        </Callout>
      )}
      {saved && (
        <Callout
          tone="ok"
          role="status"
          className="m-4"
          title={`${saved.name} is saved`}
          action={
            <Button size="sm" onClick={() => saveProfile(saved)}>
              Save again
            </Button>
          }
        >
          Put it on the device and start <code>openvpn --config {saved.name}</code> there. It asks for no password, so
          keep it nowhere else.
          {saved.isRenewal && " The old profile works until this one has connected."}
        </Callout>
      )}
      {list.error ? (
        <ErrorState error={list.error} onRetry={list.refetch} />
      ) : !list.data ? (
        <div className="p-4">
          <SkeletonText lines={2} />
        </div>
      ) : list.data.length === 0 ? (
        <EmptyState icon={<FileKey aria-hidden />} title="No profile yet" className="py-6">
          Make one, and start a VPN client on the device with it: it dials out, so no port has to be opened. It needs
          OpenVPN 2.5 or newer;{" "}
          {device.takesOldClients
            ? "for 2.4, and routers that know no tls-crypt-v2, there is one of its own."
            : "2.4, and routers that know no tls-crypt-v2, cannot use it."}
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {list.data.map((certificate) => (
            <li
              key={certificate.id}
              className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5"
            >
              <Copyable text={certificate.serial}>{shorten(certificate.serial)}</Copyable>
              <CertificateStatus isRevoked={certificate.revokedAt !== null} notAfter={certificate.notAfter} />
              <span className="flex w-full flex-wrap items-center justify-between gap-x-4 gap-y-1 text-xs text-faint">
                <span>
                  Issued <DateTime date={certificate.createdAt} />
                  {renewed.has(certificate.id) && " · renewed: works until the new one has connected"}
                </span>
                {!certificate.revokedAt && (
                  <span className="ml-auto flex gap-1">
                    <Button
                      size="sm"
                      icon={<RefreshCw aria-hidden />}
                      loading={issue.isPending}
                      disabledReason={whyNot("devices:write")}
                      aria-label={`Renew certificate ${shorten(certificate.serial)}`}
                      onClick={() => void download({ renews: certificate.id })}
                    >
                      Renew
                    </Button>
                    <Button
                      size="sm"
                      variant="danger-ghost"
                      disabledReason={whyNot("devices:write")}
                      onClick={() => setLeaving(certificate)}
                    >
                      Revoke…
                    </Button>
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      <ConfirmDialog
        open={leaving !== undefined}
        onOpenChange={(open) => !open && setLeaving(undefined)}
        title="Revoke this certificate?"
        description={`${device.name} is cut off if it is connected by it, and its profile works no more. Its other profiles stay.`}
        confirmLabel="Revoke certificate"
        onConfirm={async () => {
          if (!leaving) return;
          const where = { tenantId, deviceId: device.id, certificateId: leaving.id };
          const { revision } = await revoke.mutateAsync(where);
          announce(revision, {
            pending: `Shutting ${device.name}'s certificate out`,
            done: "The certificate is accepted nowhere",
            failed: "The certificate is not yet shut out everywhere",
          });
        }}
      />
    </Card>
  );
}

"use client";

import { FileKey, RefreshCw } from "lucide-react";
import type { Api } from "../../_lib/api-types";
import { formatDate } from "../../_lib/format";
import { CertificateStatus } from "../../_profile/certificate-status";
import { Button } from "../../_ui/button";
import { Card } from "../../_ui/card";
import { EmptyState } from "../../_ui/empty-state";
import { DateTime } from "../../_ui/time-ago";

type Certificate = Api["portal"]["profile"]["certificates"][number];

interface CertificatesProps {
  certificates: readonly Certificate[];
  /** Why none can be renewed now. */
  whyNot: string | false;
  isBusy: boolean;
  onRenew: (certificateId: string) => void;
}

/** One for each profile that I downloaded. */
export function Certificates({ certificates, whyNot, isBusy, onRenew }: CertificatesProps) {
  return (
    <Card title="Profiles you have downloaded" padding="none">
      {certificates.length === 0 ? (
        <EmptyState icon={<FileKey aria-hidden />} title="None yet" className="py-8">
          Each download is listed here. If one is lost, tell your admin: they can shut it out.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {certificates.map((certificate) => (
            <li key={certificate.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
              <span className="min-w-0 flex-1 basis-56">
                <span className="block text-ink">
                  Downloaded <DateTime date={certificate.createdAt} />
                </span>
                <span className="block text-xs text-faint">{describeUse(certificate)}</span>
              </span>
              <CertificateStatus isRevoked={certificate.revoked} notAfter={certificate.notAfter} />
              {!certificate.revoked && (
                <Button
                  size="sm"
                  icon={<RefreshCw aria-hidden />}
                  loading={isBusy}
                  disabledReason={whyNot}
                  aria-label={`Renew the profile downloaded on ${formatDate(certificate.createdAt)}`}
                  onClick={() => onRenew(certificate.id)}
                >
                  Renew
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function describeUse({ revoked, isUsed, isRenewed, isRenewal }: Certificate): string {
  if (revoked) return "Replaced, or shut out";
  if (isRenewed) return "Renewed: it works until the new one has connected";
  if (isRenewal) return "Not connected with yet; the one that it renews works until then";
  return isUsed ? "In use" : "Not connected with yet";
}

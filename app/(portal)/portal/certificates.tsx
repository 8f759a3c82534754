"use client";

import { FileKey, RefreshCw } from "lucide-react";
import type { Api } from "../../_lib/api-types";
import { formatDate, plural } from "../../_lib/format";
import { Button } from "../../_ui/button";
import { Card } from "../../_ui/card";
import { EmptyState } from "../../_ui/empty-state";
import { Status } from "../../_ui/status-dot";
import { DateTime } from "../../_ui/time-ago";
import { useNow } from "../../_ui/use-now";
import { daysLeft, renewSoonDays } from "./ending-certificate";

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
  const now = useNow(60_000);
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
              <CertificateState certificate={certificate} now={now} />
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

function CertificateState({ certificate: { revoked, notAfter }, now }: { certificate: Certificate; now: Date | null }) {
  if (revoked) return <Status tone="neutral">No longer works</Status>;
  if (!now) return null;
  const days = daysLeft(notAfter, now);
  if (days < 0) return <Status tone="bad">Expired: renew it</Status>;
  if (days < renewSoonDays) return <Status tone="warn">Ends in {plural(days, "day")}</Status>;
  return (
    <Status tone="ok">
      <span>
        Works until <DateTime date={notAfter} />
      </span>
    </Status>
  );
}

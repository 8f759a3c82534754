"use client";

import { FileKey } from "lucide-react";
import type { Api } from "../../../../_lib/api-types";
import { shorten } from "../../../../_lib/format";
import { Card } from "../../../../_ui/card";
import { Copyable } from "../../../../_ui/copyable";
import { EmptyState } from "../../../../_ui/empty-state";
import { Status } from "../../../../_ui/status-dot";
import { DateTime } from "../../../../_ui/time-ago";

type Certificate = Api["accounts"]["get"]["certificates"][number];

/** One for each profile that was downloaded. */
export function AccountCertificates({ certificates }: { certificates: readonly Certificate[] }) {
  return (
    <Card
      title="Certificates"
      description="One for each profile downloaded; the keys were made in the browser"
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
              <CertificateStatus certificate={certificate} />
              <p className="w-full text-xs text-faint">
                Issued <DateTime date={certificate.createdAt} />
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function CertificateStatus({ certificate: { revokedAt, notAfter } }: { certificate: Certificate }) {
  if (revokedAt) return <Status tone="neutral">Replaced or revoked</Status>;
  if (notAfter < new Date()) return <Status tone="bad">Expired</Status>;
  return (
    <Status tone="ok">
      <span>
        Until <DateTime date={notAfter} />
      </span>
    </Status>
  );
}

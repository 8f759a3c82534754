"use client";

import { FileKey } from "lucide-react";
import type { Api } from "../../_lib/api-types";
import { Card } from "../../_ui/card";
import { EmptyState } from "../../_ui/empty-state";
import { Status } from "../../_ui/status-dot";
import { DateTime } from "../../_ui/time-ago";

type Certificate = Api["portal"]["profile"]["certificates"][number];

/** One for each profile that I downloaded. */
export function Certificates({ certificates }: { certificates: readonly Certificate[] }) {
  return (
    <Card title="Profiles you have downloaded" padding="none">
      {certificates.length === 0 ? (
        <EmptyState icon={<FileKey aria-hidden />} title="None yet" className="py-8">
          Each download is listed here. If one is lost, tell your admin: they can shut it out.
        </EmptyState>
      ) : (
        <ul className="divide-y">
          {certificates.map((certificate) => (
            <li key={certificate.id} className="flex flex-wrap items-baseline justify-between gap-x-4 px-4 py-2.5">
              <span className="text-ink">
                Downloaded <DateTime date={certificate.createdAt} />
              </span>
              <CertificateState certificate={certificate} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function CertificateState({ certificate: { revoked, notAfter } }: { certificate: Certificate }) {
  if (revoked) return <Status tone="neutral">No longer works</Status>;
  if (notAfter < new Date()) return <Status tone="bad">Expired: download a new one</Status>;
  return (
    <Status tone="ok">
      <span>
        Works until <DateTime date={notAfter} />
      </span>
    </Status>
  );
}

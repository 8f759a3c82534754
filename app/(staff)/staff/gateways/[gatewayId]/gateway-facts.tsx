"use client";

import { plural } from "../../../../_lib/format";
import { Card } from "../../../../_ui/card";
import { Copyable } from "../../../../_ui/copyable";
import { KeyValue } from "../../../../_ui/key-value";
import { DateTime, TimeAgo } from "../../../../_ui/time-ago";
import { CertificateEnd } from "../certificate-end";
import { type Gateway, isTokenOpen } from "../gateway-status";

export function GatewayFacts({ gateway }: { gateway: Gateway }) {
  const { state } = gateway;
  return (
    <Card title="Details">
      <KeyValue
        items={[
          { label: "Clients connect to", value: <Copyable text={gateway.publicHost} /> },
          { label: "Its API", value: <Copyable text={`${gateway.apiHost}:${gateway.apiPort}`} /> },
          { label: "Enrolled", value: <DateTime date={gateway.enrolledAt} fallback="not yet" /> },
          isTokenOpen(gateway) && { label: "Token ends", value: <TimeAgo date={gateway.tokenExpiresAt} /> },
          { label: "Certificate ends", value: <CertificateEnd at={gateway.certificateNotAfter} /> },
          { label: "Last seen", value: <TimeAgo date={gateway.lastSeenAt} fallback="never" /> },
          {
            label: "Documents compared",
            value: (
              <>
                <TimeAgo date={gateway.checkedAt} fallback="not yet" />
                {gateway.drifted > 0 && (
                  <span className="text-warn-text">, {plural(gateway.drifted, "tenant")} found to differ</span>
                )}
              </>
            ),
          },
          { label: "Sessions compared", value: <TimeAgo date={gateway.confirmedAt} fallback="never" /> },
          {
            label: "Configuration",
            value: state
              ? `version ${state.configVersion} of ${gateway.configVersion}`
              : `version ${gateway.configVersion}`,
          },
          state && { label: "Agent", value: `${state.agentVersion}, openvpn ${state.openvpnVersion}` },
          state && { label: "Agent started", value: <TimeAgo date={state.startedAt} /> },
          state && { label: "Ledger's epoch", value: <Copyable text={state.epoch} /> },
          { label: "Id", value: <Copyable text={gateway.id} /> },
        ]}
      />
    </Card>
  );
}

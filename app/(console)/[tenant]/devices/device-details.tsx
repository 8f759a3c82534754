"use client";

import type { Api } from "../../../_lib/api-types";
import { Callout } from "../../../_ui/callout";
import { Copyable } from "../../../_ui/copyable";
import { KeyValue } from "../../../_ui/key-value";
import { DateTime } from "../../../_ui/time-ago";
import { DeviceCertificates } from "./device-certificates";
import { DevicePresence } from "./device-presence";

/** What a device is called and where it is; of one on a tunnel of its own, the certificates that let it in. */
export function DeviceDetails({ device }: { device: Api["devices"]["get"] }) {
  return (
    <>
      {device.rival && (
        <Callout tone="warn" title="A second router uses this device's profile">
          From <Copyable text={device.rival.realAddress} />, last <DateTime date={device.rival.lastAt} />. It is kept
          out while this one is connected. Give it a device and a profile of its own; if you do not know it, issue a new
          profile here and revoke the present one.
        </Callout>
      )}
      <KeyValue
        items={[
          { label: "Where", value: <DevicePresence device={device} /> },
          { label: "Name in DNS", value: <Copyable text={device.dnsName} /> },
          { label: "Address", value: <Copyable text={device.address} /> },
        ]}
      />
      {device.attachment === "openvpn" && <DeviceCertificates device={device} />}
    </>
  );
}

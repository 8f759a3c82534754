"use client";

import type { Api } from "../../../_lib/api-types";
import { Copyable } from "../../../_ui/copyable";
import { KeyValue } from "../../../_ui/key-value";
import { DeviceCertificates } from "./device-certificates";
import { DevicePresence } from "./device-presence";

/** What a device is called and where it is; of one on a tunnel of its own, the certificates that let it in. */
export function DeviceDetails({ device }: { device: Api["devices"]["get"] }) {
  return (
    <>
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

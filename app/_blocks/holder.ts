/** Who can be blocked for a while: a VPN account or a device. */
export interface Holder {
  kind: "account" | "device";
  id: string;
  name: string;
}

/** Who can be put off for a time: a VPN account or a device. */
export interface Holder {
  kind: "account" | "device";
  id: string;
  name: string;
}

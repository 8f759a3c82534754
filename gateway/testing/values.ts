/** Values of the document as plain as they come, for tests to say only what they are about: `{ ...plainAccount, address }`. */
import type { AccountValue, DeviceValue, TenantValue } from "../protocol/document";

export const plainTenant: TenantValue = {
  number: 1,
  name: "tenant",
  label: "tenant",
  state: "active",
  secondSession: "replace",
  blocks: [],
};

export const plainAccount: AccountValue = {
  name: "account",
  state: "active",
  reason: null,
  address: "100.64.16.1",
  passwordHash: null,
  mustChangePassword: false,
  fingerprints: [],
  policies: [],
  hold: null,
  rate: null,
};

export const plainDevice: DeviceValue = {
  name: "device",
  label: "device",
  attachment: "routed",
  address: "10.0.0.10",
  fingerprints: [],
  hold: null,
  groups: [],
};

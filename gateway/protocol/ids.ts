/** Ids are UUIDs in lower-case text. They never change and are never reused; a name is only a label. */
export type TenantId = string;
export type AccountId = string;
export type DeviceId = string;
export type GroupId = string;
export type PolicyId = string;
export type GrantId = string;
export type GatewayId = string;
export type SessionId = string;

/** Somebody whom a seed made; all have the same password. */
export interface SignIn {
  email: string;
  name: string;
  /** "administrator", "admin of Harbour Cranes", "VPN account of Harbour Cranes". */
  who: string;
  kind: "staff" | "member" | "account";
}

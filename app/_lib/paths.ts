/** The only source of addresses within the app. Snapshot-tested: a changed address breaks somebody's bookmark. */
export const paths = {
  home: "/",
  signIn: "/sign-in",
  /** Sign in, then come back to where one was. */
  signInTo: (returnTo: string) => `/sign-in?returnTo=${encodeURIComponent(returnTo)}`,
  /** Where one password opens several doors: which of them, and then on. */
  doors: (returnTo = "/") => (returnTo === "/" ? "/where-to" : `/where-to?returnTo=${encodeURIComponent(returnTo)}`),
  changePassword: "/change-password",
  forgottenPassword: "/forgotten-password",
  /** Of a mail's link, which sets a password once. */
  setPassword: (token: string) => `/set-password/${part(token)}`,
  invitation: (token: string) => `/invitation/${part(token)}`,

  tenant: (slug: string) => {
    const base = `/${part(slug)}`;
    return {
      overview: base,
      accounts: `${base}/accounts`,
      account: (id: string) => `${base}/accounts/${part(id)}`,
      devices: `${base}/devices`,
      newAccount: `${base}/accounts?panel=new`,
      newDevice: `${base}/devices?panel=new`,
      device: (id: string) => `${base}/devices?panel=${part(id)}`,
      devicesOfGroup: (groupId: string) => `${base}/devices?group=${part(groupId)}`,
      groups: `${base}/groups`,
      newGroup: `${base}/groups?panel=new`,
      group: (id: string) => `${base}/groups?panel=${part(id)}`,
      policies: `${base}/policies`,
      policy: (id: string) => `${base}/policies/${part(id)}`,
      grants: `${base}/grants`,
      newGrant: `${base}/grants?panel=new`,
      newPolicy: `${base}/policies/new`,
      sessions: `${base}/sessions`,
      /** In the list where it stands, found by the address that it came from. */
      session: (id: string, realAddress: string, isLive: boolean) =>
        isLive
          ? `${base}/sessions?q=${part(realAddress)}&panel=${part(id)}`
          : `${base}/sessions?view=past&past-q=${part(realAddress)}&panel=${part(id)}`,
      /** Of whom, or to what: their email, or the device's name. */
      refusedPackets: (search: string) => `${base}/sessions?view=packets&packets-q=${part(search)}`,
      audit: `${base}/audit`,
      members: `${base}/members`,
      invite: `${base}/members?panel=invite`,
    };
  },

  staff: {
    home: "/staff",
    tenants: "/staff/tenants",
    tenant: (id: string) => `/staff/tenants/${part(id)}`,
    plans: "/staff/plans",
    gateways: "/staff/gateways",
    gateway: (id: string) => `/staff/gateways/${part(id)}`,
    sessions: "/staff/sessions",
    sessionsOfTenant: (id: string) => `/staff/sessions?tenant=${part(id)}`,
    sessionsOfGateway: (id: string) => `/staff/sessions?gateway=${part(id)}`,
    people: "/staff/people",
    outbox: "/staff/outbox",
    mail: (id: string) => `/staff/outbox/${part(id)}`,
  },

  portal: {
    home: "/portal",
    sessions: "/portal/sessions",
    reach: "/portal/reach",
  },

  api: {
    trpc: "/api/trpc",
    auth: "/api/auth",
  },
} as const;

/** First parts of addresses that are ours, so that no tenant may take one for its slug. */
export const reservedSlugs: readonly string[] = [
  "api",
  "change-password",
  "set-password",
  "favicon.ico",
  "forgotten-password",
  "icon.svg",
  "invitation",
  "portal",
  "sign-in",
  "staff",
  "where-to",
  "_next",
];

/** Where to go after signing in. Anything but a path of our own would let a link send people elsewhere. */
export function safeReturnPath(value: string | string[] | null | undefined, fallback: string = paths.home): string {
  if (typeof value !== "string" || !value.startsWith("/")) return fallback;
  const origin = "http://self.invalid";
  const url = URL.canParse(value, origin) ? new URL(value, origin) : null;
  if (!url || url.origin !== origin || url.pathname.startsWith("//")) return fallback;
  return url.pathname === paths.signIn ? fallback : `${url.pathname}${url.search}${url.hash}`;
}

function part(text: string): string {
  return encodeURIComponent(text);
}

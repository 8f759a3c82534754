/** From then on a certificate's owner is asked to renew it. */
export const renewSoonDays = 30;

const dayMs = 86_400_000;

/** Whole days; negative once it has ended. */
export const daysLeft = (notAfter: Date, now: Date) => Math.floor((notAfter.getTime() - now.getTime()) / dayMs);

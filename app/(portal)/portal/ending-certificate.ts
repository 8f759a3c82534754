import type { Api } from "../../_lib/api-types";
import { daysLeft, renewSoonDays } from "../../_profile/days-left";

type Certificate = Api["portal"]["profile"]["certificates"][number];

/** The certificate in use that ends first, where that is soon or over and nothing was done about it. */
export function findEnding(certificates: readonly Certificate[], now: Date): Certificate | undefined {
  return (
    certificates
      .filter(({ revoked, isUsed, isRenewed }) => !revoked && isUsed && !isRenewed)
      .filter(({ notAfter }) => daysLeft(notAfter, now) < renewSoonDays)
      // One that is over is missed no more where another was downloaded since.
      .filter(
        (one) => one.notAfter > now || !certificates.some((other) => !other.revoked && other.createdAt > one.createdAt),
      )
      .toSorted((a, b) => a.notAfter.getTime() - b.notAfter.getTime())[0]
  );
}

import { z } from "zod";
import { portalProcedure, router, tenantProcedure } from "../trpc/trpc";
import {
  issueCertificate,
  issueDeviceCertificate,
  listDeviceCertificates,
  revokeDeviceCertificate,
} from "./certificates";
import { askToRenew } from "./reminders";
import { maxRequestBytes } from "./signing-request";

const csr = z.string().max(maxRequestBytes, "The signing request is over 8 kB.");
const request = { csr, renews: z.uuid().optional(), isForOldClient: z.boolean().optional() };
const oneDeviceInput = z.object({ deviceId: z.uuid() });

export const certificatesRouter = router({
  issue: portalProcedure
    .input(z.object(request))
    .mutation(({ ctx, input }) => issueCertificate(ctx.scope, { ...input, accountId: ctx.principal.accountId })),

  listOfDevice: tenantProcedure("devices:read")
    .input(oneDeviceInput)
    .query(({ ctx, input }) => listDeviceCertificates(ctx.scope, input.deviceId)),
  issueToDevice: tenantProcedure("devices:write")
    .input(oneDeviceInput.extend(request))
    .mutation(({ ctx, input }) => issueDeviceCertificate(ctx.scope, input)),
  revokeOfDevice: tenantProcedure("devices:write")
    .input(oneDeviceInput.extend({ certificateId: z.uuid() }))
    .mutation(({ ctx, input }) => revokeDeviceCertificate(ctx.scope, input)),
  askToRenew: tenantProcedure("accounts:write")
    .input(z.object({ certificateId: z.uuid() }))
    .mutation(({ ctx, input }) => askToRenew(ctx.scope, input.certificateId)),
});

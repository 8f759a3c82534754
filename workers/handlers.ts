/**
 * Every job and who handles it. A handler is loaded when its worker starts, calls the domain, and holds no rules of its
 * own. The map is exhaustive by its type, and a test holds it against the job definitions that exist.
 */
import { auditHand } from "../server/audit/jobs";
import { certificatesWatch } from "../server/certificates/jobs";
import { gatewayCollect, gatewayEnrol, gatewayLocate, gatewaySweep, telemetryRetain } from "../server/gateways/jobs";
import { grantsSweep } from "../server/grants/jobs";
import { mailSend, mailSweep } from "../server/mail/jobs";
import { passwordLinksSend } from "../server/password-links/jobs";
import { plansPublish } from "../server/plans/jobs";
import { gatewayPush } from "../server/revisions/jobs";
import type { Handler } from "./handler";

export const jobs = [
  gatewayPush,
  gatewayCollect,
  gatewayEnrol,
  gatewayLocate,
  gatewaySweep,
  telemetryRetain,
  grantsSweep,
  mailSend,
  mailSweep,
  certificatesWatch,
  passwordLinksSend,
  plansPublish,
  auditHand,
] as const;

type Job = (typeof jobs)[number];

export const handlers: { [J in Job as J["name"]]: () => Promise<{ default: Handler<J> }> } = {
  "gateway.push": () => import("./handlers/gateway-push"),
  "gateway.collect": () => import("./handlers/gateway-collect"),
  "gateway.enrol": () => import("./handlers/gateway-enrol"),
  "gateway.locate": () => import("./handlers/gateway-locate"),
  "gateway.sweep": () => import("./handlers/gateway-sweep"),
  "telemetry.retain": () => import("./handlers/telemetry-retain"),
  "grants.sweep": () => import("./handlers/grants-sweep"),
  "mail.send": () => import("./handlers/mail-send"),
  "mail.sweep": () => import("./handlers/mail-sweep"),
  "certificates.watch": () => import("./handlers/certificates-watch"),
  "password-links.send": () => import("./handlers/password-links-send"),
  "plans.publish": () => import("./handlers/plans-publish"),
  "audit.hand": () => import("./handlers/audit-hand"),
};

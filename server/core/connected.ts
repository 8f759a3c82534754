import { Prisma } from "./prisma/client";

/**
 * The one meaning of "connected now", a condition in SQL on a session: it has not ended, and its gateway answers. Of a gateway
 * that is silent nobody knows whether its sessions are still there.
 */
export const isConnected = (session: Prisma.Sql) =>
  Prisma.sql`${session}.disconnected_at IS NULL
    AND NOT EXISTS (SELECT FROM gateways silent WHERE silent.id = ${session}.gateway_id AND silent.error IS NOT NULL)`;

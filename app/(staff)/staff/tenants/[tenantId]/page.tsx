import type { Metadata } from "next";
import { Tenant } from "./tenant";

export const metadata: Metadata = { title: "Tenant" };

export default async function TenantPage({ params }: { params: Promise<{ tenantId: string }> }) {
  return <Tenant tenantId={(await params).tenantId} />;
}

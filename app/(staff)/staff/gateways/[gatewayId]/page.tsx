import type { Metadata } from "next";
import { GatewayView } from "./gateway-view";

export const metadata: Metadata = { title: "Gateway" };

export default async function GatewayPage({ params }: { params: Promise<{ gatewayId: string }> }) {
  return <GatewayView gatewayId={(await params).gatewayId} />;
}

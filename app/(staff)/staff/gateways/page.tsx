import type { Metadata } from "next";
import { Gateways } from "./gateways";

export const metadata: Metadata = { title: "Gateways" };

export default function GatewaysPage() {
  return <Gateways />;
}

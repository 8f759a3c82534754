import type { Metadata } from "next";
import { Outbox } from "./outbox";

export const metadata: Metadata = { title: "Outbox" };

export default function OutboxPage() {
  return <Outbox />;
}

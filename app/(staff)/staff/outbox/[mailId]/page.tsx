import type { Metadata } from "next";
import { MailView } from "./mail-view";

export const metadata: Metadata = { title: "Mail" };

export default async function MailPage({ params }: { params: Promise<{ mailId: string }> }) {
  return <MailView mailId={(await params).mailId} />;
}

import type { Metadata } from "next";
import { AccountPage } from "./account";

export const metadata: Metadata = { title: "Account" };

export default async function Page({ params }: { params: Promise<{ account: string }> }) {
  return <AccountPage accountId={(await params).account} />;
}

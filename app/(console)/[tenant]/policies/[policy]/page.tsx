import type { Metadata } from "next";
import { PolicyEditor } from "./policy-editor";

export const metadata: Metadata = { title: "Policy" };

export default async function PolicyPage({ params }: { params: Promise<{ policy: string }> }) {
  const { policy } = await params;
  return <PolicyEditor policyId={policy === "new" ? undefined : policy} />;
}

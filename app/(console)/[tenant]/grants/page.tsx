import type { Metadata } from "next";
import { Grants } from "./grants";

export const metadata: Metadata = { title: "Grants" };

export default function GrantsPage() {
  return <Grants />;
}

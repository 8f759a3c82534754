import type { Metadata } from "next";
import { MySessions } from "./my-sessions";

export const metadata: Metadata = { title: "My sessions" };

export default function MySessionsPage() {
  return <MySessions />;
}

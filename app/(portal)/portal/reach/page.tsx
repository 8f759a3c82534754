import type { Metadata } from "next";
import { Reach } from "./reach";

export const metadata: Metadata = { title: "What I can reach" };

export default function ReachPage() {
  return <Reach />;
}

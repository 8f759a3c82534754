import type { Metadata } from "next";
import { People } from "./people";

export const metadata: Metadata = { title: "Staff" };

export default function PeoplePage() {
  return <People />;
}
